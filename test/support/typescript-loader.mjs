import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tests/', import.meta.url))

/** A loader hook of Node: TypeScript as JavaScript, from a cache by content. */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !/\.m?ts$/.test(url)) return next(url, context)
  const file = fileURLToPath(url)
  const text = readFileSync(file, 'utf8')
  const cached = join(CACHE, createHash('sha1').update(`${file}\n2\n${text}`).digest('hex'))
  const source = readIfThere(cached) ?? (await compile(file, text, cached))
  return { format: 'module', source, shortCircuit: true }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function compile(file, text, cached) {
  const { transform } = await import('esbuild')
  const options = {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    sourcefile: file,
  }
  const { code } = await transform(text, options)
  const unfinished = `${cached}.${process.pid}`
  try {
    mkdirSync(dirname(cached), { recursive: true })
    writeFileSync(unfinished, code)
    renameSync(unfinished, cached)
  } catch {
    // Without a cache, for someone who may not write here, the tests are only slower.
  }
  return code
}
