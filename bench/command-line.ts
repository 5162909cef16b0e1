import { parseArgs } from 'node:util'
import { SUBJECTS, type Subject } from './result/measurement.ts'

/** What the command line asks for. */
export interface CommandLine {
  readonly action: 'measure' | 'report' | 'help'
  readonly subjects: readonly Subject[]
  /** The subjects that were asked for by name; none where all are meant. */
  readonly named: readonly Subject[]
  /** Only stages whose name holds this text; empty for all. */
  readonly only: string
  readonly quick: boolean
  readonly profile: boolean
  readonly json: boolean
  /** The made-up sites have at most so many files. */
  readonly maxFiles: number
  /** No stage begins that isn't expected to end within so many minutes of the start. */
  readonly minutes: number
  /** Put the result into docs/. */
  readonly publish: boolean
  /** A revision to compare with; undefined: peers are measured. */
  readonly against: string | undefined
}

export const USAGE = `npm run bench -- [SUBJECT…] [OPTION…]

  SUBJECT        ${SUBJECTS.join(', ')}; all of them without any
  report         write docs/benchmarks.{md,html} and the README's figures again from docs/benchmarks.json

  --quick        a look of about a minute: fewer profiles, rounds and files
  --only TEXT    only what has TEXT in its name, such as bootstrap or "100 KB"
  --max-files N  leave out made-up sites of more files (default 50000)
  --minutes N    leave out what doesn't fit into N minutes
  --profile      take CPU and allocation profiles of fingerpost and show where the time goes
  --against REV  compare this tree with another revision instead of with the peers
  --publish      keep every stage's result in docs/benchmarks.json, then write the pages
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
      only: { type: 'string', default: '' },
      'max-files': { type: 'string', default: '50000' },
      minutes: { type: 'string', default: 'Infinity' },
    },
  })
  const { only, quick, profile, json, publish, against } = values
  const rest = positionals.filter((word) => word !== 'report')
  const unknown = rest.filter((word) => !isSubject(word))
  if (unknown.length > 0) throw new Error(`There is no subject ${unknown.join(', ')}.\n\n${USAGE}`)
  if (publish && quick) throw new Error('A quick look is not published: leave out --quick or --publish.')
  if (publish && profile) throw new Error('Profiling costs time: leave out --profile or --publish.')
  const maxFiles = Number(values['max-files'])
  if (!(maxFiles >= 100)) throw new Error('--max-files wants a number of at least 100.')
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Error('--minutes wants a number above 0.')
  const named = SUBJECTS.filter((subject) => rest.includes(subject))
  return {
    action: values.help ? 'help' : positionals.includes('report') ? 'report' : 'measure',
    subjects: named.length === 0 ? SUBJECTS : named,
    named,
    only,
    quick,
    profile,
    json,
    publish,
    against,
    maxFiles,
    minutes,
  }
}

function isSubject(word: string): word is Subject {
  return (SUBJECTS as readonly string[]).includes(word)
}
