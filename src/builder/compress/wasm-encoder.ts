import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { Tinypool } from 'tinypool'
import type { Encoder } from './encoder.ts'

/** The same relative path in the sources and in the package. */
const WORKER = new URL('./brotli-worker.js', import.meta.url).href

/** Milliseconds. Threads end with the encoder; in between a new one would have to compile the module again. */
const IDLE_MS = 60_000

/**
 * Makes `br` with brotli-wasm: the same bytes on every Node version and platform, pinned by the lockfile. It blocks, so
 * it runs in worker threads, at most one for each core, started on demand.
 *
 * @param others makes all other encodings
 */
export function createWasmEncoder(others: Encoder): Encoder {
  const version = brotliWasmVersion()
  const maxThreads = availableParallelism()
  const pool = new Tinypool({ filename: WORKER, minThreads: 0, maxThreads, idleTimeout: IDLE_MS })
  return {
    async encode(bytes, rule) {
      if (rule.encoding !== 'br') return others.encode(bytes, rule)
      const encoded: Uint8Array = await pool.run({ bytes, quality: rule.quality })
      return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength)
    },
    versionOf: (rule) =>
      rule.encoding === 'br' ? `br ${rule.quality} brotli-wasm ${version}` : others.versionOf(rule),
    async close() {
      await pool.destroy()
      await others.close()
    },
  }
}

/** The package doesn't export its package.json. */
function brotliWasmVersion(): string {
  const entry = createRequire(import.meta.url).resolve('brotli-wasm')
  const { version } = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8'))
  return String(version)
}
