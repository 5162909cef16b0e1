// Runs test files: `npm test` for all but the long ones (`*.long.test.ts`), `npm test -- serve css` for the files, long
// or not, whose path contains a word, and `npm run test:long` for the long ones and for those with more rounds to make.
// `--without=demo,docs/site` leaves out files whose path contains one of the words.
// `npm run fuzz -- 60 scan` tries each property of the files with properties for so many seconds (default 30).
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cleanEnvironment, UMASK } from './support/environment.mjs'
import { groupFiles } from './support/groups.mjs'

/** One more than there are cores: many tests wait for a browser, a server or a timer. */
const AT_ONCE = availableParallelism() + 1

const folder = dirname(fileURLToPath(import.meta.url))
const onlyLong = process.argv.includes('--long')
const onlyProperties = process.argv.includes('--fuzz')
const without = process.argv.flatMap((word) => /^--without=(.+)/.exec(word)?.[1]?.split(',') ?? [])
const given = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const seconds = onlyProperties ? (given.find((word) => /^\d+$/.test(word)) ?? '30') : ''
const words = given.filter((word) => word !== seconds)
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .filter(isWanted)
  .sort()
// Of the long ones the longest, twenty packages, is among the last by name: begun last, it would run alone.
if (onlyLong) files.reverse()

if (files.length === 0) {
  console.error(`No test file matches ${words.join(' ')}.`)
  process.exit(1)
}
announce()

const options = [
  ...['--enable-source-maps', '--import', pathToFileURL(join(folder, 'support/typescript.mjs')).href],
  ...(onlyProperties ? ['--import', pathToFileURL(join(folder, 'support/fuzz.ts')).href] : []),
  ...['--test', '--test-timeout', onlyProperties ? 'Infinity' : onlyLong ? '900000' : '300000'],
  ...['--test-concurrency', String(AT_ONCE)],
  ...['--test-reporter', pathToFileURL(join(folder, 'support/reporter.mjs')).href],
  ...['--test-reporter-destination', 'stdout'],
]
// Somebody who names files wants to see the tests in them.
const names = words.length > 0 ? { FINGERPOST_TEST_NAMES: '1' } : {}
const long = onlyLong ? { FINGERPOST_LONG: '1' } : {}
const fuzz = onlyProperties ? { FINGERPOST_FUZZ_SECONDS: seconds } : {}
// What test files share, such as servers that are too expensive to start for each. Each leaves its process id here.
const shared = mkdtempSync(join(tmpdir(), 'fingerpost-run-'))
process.umask(UMASK)
const isWhole = words.length === 0 && !onlyLong && !onlyProperties
const programs = isWhole ? groupFiles(folder, files, shared) : files.map((file) => join(folder, file))
const child = spawn(process.execPath, [...options, ...programs], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...cleanEnvironment(), ...names, ...long, ...fuzz, FINGERPOST_TEST_RUN: shared },
})
child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
process.on('exit', () => {
  for (const name of readdirSync(shared).filter((entry) => entry.endsWith('.pid')))
    endProcess(join(shared, name))
  rmSync(shared, { recursive: true, force: true, maxRetries: 3 })
})

function isWanted(file) {
  if (without.some((word) => file.includes(word))) return false
  if (words.length > 0 && !words.some((word) => file.includes(word))) return false
  if (onlyProperties) return readFileSync(join(folder, file), 'utf8').includes("from 'fast-check'")
  const isLong = file.endsWith('.long.test.ts')
  if (!onlyLong) return !isLong || words.length > 0
  return isLong || readFileSync(join(folder, file), 'utf8').includes('support/long.ts')
}

function announce() {
  const count = `${files.length} test file${files.length === 1 ? '' : 's'}`
  console.log(`Running ${count}, ${AT_ONCE} at a time, on Node ${process.versions.node}.`)
  if (words.length === 0 && !onlyLong && !onlyProperties)
    console.log(
      'Takes about five minutes on two cores. The long tests have a command of their own: npm run test:long',
    )
}

function endProcess(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL')
  } catch {
    // Gone already.
  }
}
