// Prints one line per test file, every failure in full, and at the end what was skipped, what failed and the counts.
// With FINGERPOST_TEST_NAMES set it names every test too, and shows what the tests print.
import { relative } from 'node:path'
import { inspect } from 'node:util'

const NAMES = process.env.FINGERPOST_TEST_NAMES !== undefined

export default async function* report(events) {
  const run = { started: Date.now(), passed: 0, failed: [], skipped: [], file: undefined }
  const printed = new Map()
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      printed.set(data.file, (printed.get(data.file) ?? '') + data.message)
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (run.file !== undefined && run.file.path !== data.file) yield closeFile(run, printed)
    run.file ??= { path: data.file, passed: 0, skipped: 0, failed: 0, milliseconds: 0, lines: [] }
    addTest(run, type, data)
  }
  if (run.file !== undefined) yield closeFile(run, printed)
  yield closeRun(run)
  // A test file that was ended for its time may leave programs behind, and the runner waits for their output.
  setTimeout(() => {
    console.error('The runner still waits for a program that a test has started. It is left behind.')
    process.exit(1)
  }, 30_000).unref()
}

function addTest(run, type, data) {
  const { file } = run
  const { duration_ms: milliseconds, error, type: kind } = data.details
  if (data.nesting === 0) file.milliseconds += milliseconds
  if (kind === 'suite' || error?.failureType === 'subtestsFailed') return
  const indent = '  '.repeat(data.nesting + 1)
  if (data.skip !== undefined) {
    file.skipped++
    run.skipped.push({ where: fileName(data.file), name: data.name, reason: String(data.skip) })
    if (NAMES) file.lines.push(`${indent}- ${data.name} (skipped)`)
  } else if (type === 'test:pass') {
    file.passed++
    run.passed++
    if (NAMES) file.lines.push(`${indent}✔ ${data.name} ${duration(milliseconds)}`.trimEnd())
  } else {
    file.failed++
    run.failed.push({ where: fileName(data.file), name: data.name })
    file.lines.push(`${indent}✖ ${data.name}`, indented(describe(error?.cause ?? error), `${indent}  `))
  }
}

function closeFile(run, printed) {
  const { path, passed, skipped, failed, milliseconds, lines } = run.file
  run.file = undefined
  const counts = [`${passed} passed`]
  if (skipped > 0) counts.push(`${skipped} skipped`)
  if (failed > 0) counts.push(`${failed} failed`)
  const mark = failed > 0 ? '✖' : passed > 0 ? '✔' : '-'
  const output = failed > 0 || NAMES ? (printed.get(path) ?? '').trimEnd() : ''
  if (output !== '') lines.push(indented(output, '  | '))
  const head = `${mark} ${fileName(path).padEnd(44)} ${counts.join(', ')} ${duration(milliseconds)}`
  return `${[head.trimEnd(), ...lines].join('\n')}\n`
}

function closeRun({ started, passed, failed, skipped }) {
  const lines = ['']
  if (skipped.length > 0) lines.push('Skipped:')
  for (const { where, name, reason } of skipped) lines.push(`  ${where}  ${name}: ${reason}`)
  if (failed.length > 0) lines.push('Failed:')
  for (const { where, name } of failed) lines.push(`  ${where}  ${name}`)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const counts = `${passed} passed, ${skipped.length} skipped, ${failed.length} failed`
  lines.push(`${counts} in ${seconds} s on Node ${process.versions.node}`, '')
  return lines.join('\n')
}

function fileName(path) {
  return path === undefined ? '(no file)' : relative(process.cwd(), path)
}

/** An assertion says in its message what differs; its fields would say it again, in full. */
function describe(error) {
  return error?.code === 'ERR_ASSERTION' ? error.stack : inspect(error)
}

function duration(milliseconds) {
  return milliseconds < 100 ? '' : `(${(milliseconds / 1000).toFixed(1)} s)`
}

function indented(text, indent) {
  return text.replace(/^/gm, indent)
}
