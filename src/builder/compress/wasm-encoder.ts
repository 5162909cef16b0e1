import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Encoder } from './encoder.ts'

/** What a worker is asked. */
interface BrotliJob {
  readonly bytes: Uint8Array
  readonly quality: number
}

/** What it answers. */
interface BrotliResult {
  readonly encoded: Uint8Array
}

/**
 * All that runs in a worker. It is text, so that it needs no file: a TypeScript loader of the main thread doesn't reach
 * into workers on Node 20. `require`, because brotli-wasm's ES module entry is for browsers and fails in Node.
 */
const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const brotli = require(workerData)
parentPort.on('message', ({ bytes, quality }) => {
  const encoded = brotli.compress(bytes, { quality })
  parentPort.postMessage({ encoded }, [encoded.buffer])
})
`

/**
 * An encoder whose `br` comes from brotli-wasm: the same bytes on every Node version and platform, fixed by the
 * lockfile. It would block, so it runs in worker threads, one for each core, started when the first job comes.
 *
 * @param others makes all other encodings
 */
export function createWasmEncoder(others: Encoder): Encoder {
  const entry = createRequire(import.meta.url).resolve('brotli-wasm')
  const pool = createPool(entry, availableParallelism())
  const version = versionBeside(entry)
  return {
    async encode(bytes, recipe) {
      if (recipe.encoding !== 'br') return others.encode(bytes, recipe)
      const { encoded } = await pool.run({ bytes, quality: recipe.quality })
      return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
    },
    versionOf: (recipe) =>
      recipe.encoding === 'br' ? `br ${recipe.quality} brotli-wasm ${version}` : others.versionOf(recipe),
    async close() {
      await pool.close()
      await others.close()
    },
  }
}

interface Pool {
  run(job: BrotliJob): Promise<BrotliResult>
  close(): Promise<void>
}

interface Waiting {
  readonly job: BrotliJob
  readonly resolve: (result: BrotliResult) => void
  readonly reject: (error: unknown) => void
}

/** Worker threads that do one job at a time each; jobs wait in a queue. */
function createPool(entry: string, size: number): Pool {
  const queue: Waiting[] = []
  const idle: Worker[] = []
  const all: Worker[] = []

  const start = (): Worker => {
    const worker = new Worker(WORKER_SOURCE, { eval: true, workerData: entry })
    all.push(worker)
    return worker
  }
  const assign = () => {
    while (queue.length > 0) {
      const worker = idle.pop() ?? (all.length < size ? start() : undefined)
      const next = worker && queue.shift()
      if (worker === undefined || next === undefined) return
      runOn(worker, next)
    }
  }
  const runOn = (worker: Worker, { job, resolve, reject }: Waiting) => {
    const settle = () => {
      worker.removeListener('message', onMessage)
      worker.removeListener('error', onError)
    }
    const onMessage = (result: BrotliResult) => {
      settle()
      idle.push(worker)
      resolve(result)
      assign()
    }
    const onError = (error: unknown) => {
      settle()
      all.splice(all.indexOf(worker), 1)
      reject(error)
      assign()
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.postMessage(job)
  }

  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        queue.push({ job, resolve, reject })
        assign()
      }),
    async close() {
      await Promise.all(all.map((worker) => worker.terminate()))
    },
  }
}

/** The package's version; it is no export, so it is read from beside the entry. */
function versionBeside(entry: string): string {
  const { version } = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8'))
  return String(version)
}
