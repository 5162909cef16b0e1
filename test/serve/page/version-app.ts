import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Fastify from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { fingerpost } from '../../../src/index.ts'
import { makeTree } from '../../support/tree.ts'

/** An app with a page, and what deploys another build under it. */
export async function startApp(context: TestContext, script = '') {
  const cwd = makeTree(context, { 'assets/js/late.js': 'export {}' })
  const deploy = async () => (await build({ sources: ['assets'], cache: false }, { cwd })).manifest
  const first = await deploy()
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(fingerpost, { root: join(cwd, 'staticfiles'), watch: false })
  for (const url of ['/', '/other'])
    app.get(url, async (_request, reply) => {
      reply.type('text/html')
      const { versionTag } = reply.staticHelpers
      return `<!doctype html>${versionTag()}<body><h1>${url}</h1><a href="/other">Other</a><script>${script}</script>`
    })
  const redeploy = async () => {
    writeFileSync(join(cwd, 'assets/js/late.js'), 'export const next = true')
    const next = await deploy()
    assert.ok(await app.staticReload())
    return next
  }
  return { app, cwd, first, redeploy }
}
