import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const t = (n, f) => {
  const c = process.cpuUsage(),
    a = performance.now()
  const r = f()
  const d = process.cpuUsage(c)
  console.log(n, (performance.now() - a).toFixed(1), 'cpu', ((d.user + d.system) / 1000).toFixed(1))
  return r
}
const { parseManifest } = await import('./dist/core/manifest.js')
const { ResponderTable } = await import('./dist/serve/responder-table.js')
const { createDigester } = await import('./dist/core/digest.js')
const buf = t('read', () => readFileSync('/tmp/fp-serve-perf/big/manifest.json'))
const text = t('toString', () => buf.toString('utf8'))
t('latin1?', () => buf.toString('latin1'))
t('sha256 text', () => createHash('sha256').update(text).digest('hex'))
t('sha256 buf', () => createHash('sha256').update(buf).digest('hex'))
t('sha1 buf', () => createHash('sha1').update(buf).digest('hex'))
const j = t('JSON.parse', () => JSON.parse(text))
const m = t('parseManifest', () => parseManifest(text, 'x'))
t('table', () => new ResponderTable(m, () => ({})))
const { isLogicalPath } = await import('./dist/core/path.js')
t('isLogicalPath x20000', () => {
  for (const [p, a] of m.assets) {
    isLogicalPath(p)
    isLogicalPath(a.file)
  }
})
