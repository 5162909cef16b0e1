import { writeFileSync } from 'node:fs'

const root = '/tmp/fp-serve-perf/big'
const mode = process.argv[2]
if (mode === 'make') {
  const assets = {}
  const hex = (n) => n.toString(16).padStart(16, '0')
  for (let i = 0; i < 10000; i++) {
    const p = `dir${i % 100}/some-file-name-${String(i).padStart(5, '0')}.css`
    assets[p] = {
      file: p.replace('.css', `.${hex(i)}.css`),
      type: 'text/css; charset=utf-8',
      size: 10000 + i,
      etag: hex(i + 77),
      integrity: 'sha384-' + 'A'.repeat(64),
      encodings: { br: { size: 2000, etag: hex(i + 1000) }, gzip: { size: 2500, etag: hex(i + 2000) } },
      references: [{ path: 'dir0/some-file-name-00000.css', kind: 'css-import' }],
    }
  }
  const sorted = Object.fromEntries(Object.entries(assets).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(
    root + '/manifest.json',
    JSON.stringify({ version: 1, url: '/static/', digest: 'x1', assets: sorted }, undefined, 1),
  )
} else {
  const Fastify = (await import('fastify')).default
  const fp = (await import('./dist/index.js')).default
  const app = Fastify()
  globalThis.gc?.()
  const c0 = process.cpuUsage(),
    t0 = performance.now(),
    m0 = process.memoryUsage()
  if (mode === 'ours') await app.register(fp, { root, watch: false })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const t = performance.now() - t0,
    c = process.cpuUsage(c0),
    m1 = process.memoryUsage()
  globalThis.gc?.()
  const m2 = process.memoryUsage()
  console.log(
    mode,
    'wall',
    t.toFixed(1),
    'cpu ms',
    ((c.user + c.system) / 1000).toFixed(1),
    'rss MB +',
    ((m1.rss - m0.rss) / 1e6).toFixed(1),
    'heap after gc +',
    ((m2.heapUsed - m0.heapUsed) / 1e6).toFixed(1),
  )
  await app.close()
}
