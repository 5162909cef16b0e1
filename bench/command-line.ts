import { parseArgs } from 'node:util'
import { SUBJECTS, type Subject } from './result/measurement.ts'

/** What the command line asks for. */
export interface CommandLine {
  readonly action: 'measure' | 'report' | 'help'
  readonly subjects: readonly Subject[]
  readonly quick: boolean
  readonly profile: boolean
  readonly json: boolean
  /** The made-up sites have at most so many files. */
  readonly maxFiles: number
  /** Put the result into docs/. */
  readonly publish: boolean
  /** A revision to compare with; undefined: peers are measured. */
  readonly against: string | undefined
}

export const USAGE = `npm run bench -- [SUBJECT…] [OPTION…]

  SUBJECT        ${SUBJECTS.join(', ')}; all of them without any
  report         write docs/benchmarks.md and docs/benchmarks.html again from docs/benchmarks.json

  --quick        a look of about a minute: fewer profiles, rounds and files
  --max-files N  leave out made-up sites of more files (default 50000)
  --profile      take CPU and allocation profiles of fingerpost and show where the time goes
  --against REV  compare this tree with another revision instead of with the peers
  --publish      keep the result in docs/benchmarks.json and write the pages
  --json         print the result as JSON
`

/** Reads the arguments. @throws Error that says what is wrong with them */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      publish: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      against: { type: 'string' },
      'max-files': { type: 'string', default: '50000' },
    },
  })
  const { quick, profile, json, publish, against } = values
  const rest = positionals.filter((word) => word !== 'report')
  const unknown = rest.filter((word) => !isSubject(word))
  if (unknown.length > 0) throw new Error(`There is no subject ${unknown.join(', ')}.\n\n${USAGE}`)
  if (publish && quick) throw new Error('A quick look is not published: leave out --quick or --publish.')
  const maxFiles = Number(values['max-files'])
  if (!(maxFiles >= 100)) throw new Error('--max-files wants a number of at least 100.')
  const subjects = rest.filter(isSubject)
  return {
    action: values.help ? 'help' : positionals.includes('report') ? 'report' : 'measure',
    subjects: subjects.length === 0 ? SUBJECTS : SUBJECTS.filter((one) => subjects.includes(one)),
    quick,
    profile,
    json,
    publish,
    against,
    maxFiles,
  }
}

function isSubject(word: string): word is Subject {
  return (SUBJECTS as readonly string[]).includes(word)
}
