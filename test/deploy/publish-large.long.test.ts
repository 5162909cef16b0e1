import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { BUCKET, createS3Lab } from '../support/s3.ts'

const lab = createS3Lab()

/** `FINGERPOST_PUBLISH=10000 npm test -- publish-large` prints the figure in docs/deploy.md. */
const FIGURE = process.env['FINGERPOST_PUBLISH']
const FILES = Number(FIGURE ?? 1200)

test(`an unchanged build of ${FILES} files is published again by the command line`, async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const files = Array.from({ length: FILES }, (_, index) => [`f/${index}.bin`, `file ${index}`] as const)
  const root = await makeBuild(context, Object.fromEntries(files))
  const proxy = await startFaultProxy(context, server.endpoint, () => ({ kind: 'none' }))
  const { accessKeyId, secretAccessKey } = server.credentials
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const publish = async (endpoint: string) => {
    const words = ['publish', `s3://${BUCKET}/large`, '--out', root, '--endpoint', endpoint]
    const started = performance.now()
    const { code, stderr } = await runNode([join(REPOSITORY, 'dist/cli.js'), ...words], { cwd: root, env })
    assert.equal(code, 0, stderr)
    return { stderr, seconds: (performance.now() - started) / 1000 }
  }
  const first = await publish(server.endpoint)
  assert.match(first.stderr, new RegExp(`${(FILES + 1).toLocaleString('en')} files .* uploaded`))
  const again = await publish(server.endpoint)
  const [firstTime, unchanged] = [first.seconds.toFixed(1), again.seconds.toFixed(1)]
  if (FIGURE !== undefined)
    console.log(`${FILES} files: ${firstTime} s the first time, ${unchanged} s unchanged`)
  assert.match((await publish(proxy.endpoint)).stderr, /^0 files .* uploaded/m)
  // The pages of one listing, and the manifest.
  assert.equal(proxy.requests.length, Math.ceil((FILES + 2) / 1000) + 1)
})
