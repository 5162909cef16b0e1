import { readCorpus } from './corpus.ts'
import { READERS } from './readers.ts'

// Reads a corpus with one reader and reports the time. Arguments: JSON of ScanRequest.

/** What to read, and with what. */
export interface ScanRequest {
  readonly reader: string
  readonly folders: readonly string[]
  /** Which files; all for none. */
  readonly extensions: readonly string[]
  /** Times the corpus is read before the measured one, so that the compiler has seen the code. */
  readonly warmUps: number
  readonly peers: string
}

/** What one pass over the corpus came to. */
export interface ScanOutcome {
  readonly files: number
  /** UTF-16 units. */
  readonly characters: number
  readonly found: number
  /** Files the reader gave up on. */
  readonly failed: number
  readonly cpuMs: number
}

const request = JSON.parse(process.argv[2] ?? '') as ScanRequest
const make = READERS[request.reader]
if (make === undefined) throw new Error(`There is no reader ${request.reader}.`)
const read = await make(request)
const corpus = request.folders.flatMap((folder) => readCorpus(folder, request.extensions))
let outcome = pass()
for (let warmUp = 0; warmUp < request.warmUps; warmUp++) outcome = pass()
process.stdout.write(JSON.stringify(outcome))

function pass(): ScanOutcome {
  let [found, failed, characters] = [0, 0, 0]
  const before = process.cpuUsage()
  for (const { path, text } of corpus) {
    characters += text.length
    try {
      found += read(text, path)
    } catch {
      failed++
    }
  }
  const { user, system } = process.cpuUsage(before)
  return { files: corpus.length, characters, found, failed, cpuMs: (user + system) / 1000 }
}
