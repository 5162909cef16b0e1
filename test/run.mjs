// Runs the test files: `npm test` for all of them, `npm test -- serve css` for those whose path contains a word.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const words = process.argv.slice(2)
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()

if (files.length === 0) {
  console.error(`No test file matches ${words.join(' ')}.`)
  process.exit(1)
}

const options = [
  ...['--import', 'tsx', '--test', '--test-timeout', '300000'],
  ...['--test-concurrency', String(availableParallelism())],
  ...['--test-reporter', pathToFileURL(join(folder, 'support/reporter.mjs')).href],
  ...['--test-reporter-destination', 'stdout'],
]
// A person who names files wants to see the tests in them.
const names = words.length > 0 ? { FINGERPOST_TEST_NAMES: '1' } : {}
// What test files share: servers that are too dear to be started for each. They leave the ids of their processes here.
const shared = mkdtempSync(join(tmpdir(), 'fingerpost-run-'))
const child = spawn(process.execPath, [...options, ...files.map((file) => join(folder, file))], {
  stdio: 'inherit',
  env: { ...process.env, ...names, FINGERPOST_TEST_RUN: shared },
})
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
process.on('exit', () => {
  for (const name of readdirSync(shared).filter((entry) => entry.endsWith('.pid')))
    endProcess(join(shared, name))
  rmSync(shared, { recursive: true, force: true, maxRetries: 3 })
})

function endProcess(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL')
  } catch {
    // Gone already.
  }
}
