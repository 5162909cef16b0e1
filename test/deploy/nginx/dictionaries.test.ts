import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDigester } from '../../../src/core/digest.ts'
import {
  type Delta,
  DICTIONARIES_FILE,
  deltaPath,
  formatDictionaries,
  parseDictionaries,
} from '../../../src/core/manifest/dictionaries.ts'
import { findNginx, formatNginxConfig } from '../../../src/deploy/nginx/config.ts'
import { freePort } from '../../support/ceph.ts'
import { exchange, start } from '../../support/exchange.ts'
import { writeBuild } from '../../support/fixture-build.ts'
import { startNginx, writeNginxConfig } from '../../support/nginx.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'

const OLD = 'a{color:red}'.repeat(200)
const NEW = `${OLD}b{color:blue}`
const DELTA = Buffer.from('a server does not look into deltas')

test('nginx offers dictionaries as the app does, and the app sends the deltas', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const digester = await createDigester()
  const root = makeTree(context)
  const names = { 'css/my-site.css': NEW, 'app.js.map': NEW, 'pic.png': NEW, 'odd (1).css': NEW }
  const manifest = await writeBuild(root, names)
  const fileOf = (name: string) => manifest.assets.get(name)?.file ?? assert.fail(name)
  const delta: Delta = {
    ...{
      file: fileOf('css/my-site.css'),
      to: digester.of(Buffer.from(NEW)),
      from: digester.of(Buffer.from(OLD)),
    },
    dictionary: createHash('sha256').update(OLD).digest('base64'),
    encodings: { dcb: { size: DELTA.length, etag: digester.of(DELTA) } },
  }
  writeFileSync(join(root, deltaPath(delta, 'dcb')), DELTA)
  const text = formatDictionaries({ minBytes: 1024, deltas: [delta] })
  writeFileSync(join(root, DICTIONARIES_FILE), text)
  const app = await start(context, { root, watch: false })
  const port = await freePort()
  const nginx = await findNginx()
  const config = formatNginxConfig({
    ...{
      listen: `127.0.0.1:${port}`,
      serverName: '_',
      app: `http://127.0.0.1:${app.port}`,
      media: undefined,
    },
    static: { root, manifest, dictionaries: parseDictionaries(text, 'test'), brotli: nginx?.brotli === true },
    whole: { modules: nginx?.modules ?? [] },
  })
  await startNginx(context, writeNginxConfig(context, config), port)

  const asked = { 'accept-encoding': 'br, dcb' }
  const offered = { ...asked, 'available-dictionary': `:${delta.dictionary}:` }
  const get = (path: string, headers = {}) =>
    exchange(port, `/static/${encodeURI(path)}`, { ...asked, ...headers })
  for (const name of ['css/my-site.css', 'app.js.map', 'pic.png']) {
    const [ours, theirs] = [await app.get(`/static/${fileOf(name)}`, asked), await get(fileOf(name))]
    assert.equal(theirs.headers['use-as-dictionary'], ours.headers['use-as-dictionary'], name)
    assert.equal(theirs.status, 200)
  }
  const whole = await get(fileOf('css/my-site.css'))
  assert.equal(whole.headers['use-as-dictionary'], 'match="/static/css/my-site.:h.css"')
  assert.match(String(whole.headers.vary), /Available-Dictionary/)
  assert.equal((await get(fileOf('odd (1).css'))).headers['use-as-dictionary'], undefined, 'left to the app')
  for (const headers of [
    { range: 'bytes=0-3', 'accept-encoding': 'identity' },
    { 'if-none-match': String(whole.headers.etag) },
  ]) {
    const other = await get(fileOf('css/my-site.css'), headers)
    assert.equal(other.headers['use-as-dictionary'], undefined, String(other.status))
    assert.match(String(other.headers.vary), /Available-Dictionary/)
  }
  const sent = await get(fileOf('css/my-site.css'), offered)
  assert.deepEqual([sent.status, sent.headers['content-encoding']], [200, 'dcb'])
  assert.deepEqual(sent.body, DELTA)
  const plain = await get(fileOf('app.js.map'), offered)
  assert.deepEqual([plain.status, plain.headers['content-encoding']], [200, 'br'])
  for (const name of [DICTIONARIES_FILE, deltaPath(delta, 'dcb')])
    assert.equal((await get(name)).status, 404, name)
  assert.equal((await get('css/my-site.0000000000000000.css')).status, 404)
})

test('names of bundlers are offered too', async (context) => {
  if (!hasTool(context, 'nginx')) return
  const root = makeTree(context)
  const { assets, ...rest } = await writeBuild(root, { 'app/index-B1xyAbCd.js': NEW })
  const [asset] = assets.values()
  assert.ok(asset)
  const file = 'app/index-B1xyAbCd.js'
  writeFileSync(join(root, file), NEW)
  const manifest = { ...rest, assets: new Map([[file, { ...asset, file }]]) }
  const port = await freePort()
  const nginx = await findNginx()
  const config = formatNginxConfig({
    ...{ listen: `127.0.0.1:${port}`, serverName: '_', app: 'http://127.0.0.1:9', media: undefined },
    static: { root, manifest, dictionaries: { minBytes: 1, deltas: [] }, brotli: false },
    whole: { modules: nginx?.modules ?? [] },
  })
  await startNginx(context, writeNginxConfig(context, config), port)
  const { headers } = await exchange(port, `/static/${file}`)
  assert.equal(headers['use-as-dictionary'], 'match="/static/app/index-:h.js"')
  const delta = `${file}.0123456789abcdef.dcb`
  writeFileSync(join(root, delta), DELTA)
  assert.equal((await exchange(port, `/static/${delta}`)).status, 502, 'left to the app, which is not there')
})
