import type { TestContext } from 'node:test'
import Fastify from 'fastify'
import { fingerpost } from '../../src/plugin/plugin.ts'
import type { FingerpostOptions } from '../../src/serve/options.ts'
import { makeTree, type Tree } from '../support/tree.ts'

/** A small site with references of every usual kind. */
export const SITE: Tree = {
  'css/site.css': '@import "base.css";\nbody{background:url(../img/logo.svg)}',
  'css/base.css': 'a{color:red}',
  'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'js/app.js': "import './dep.js'",
  'js/dep.js': 'export {}',
}

/** An app in live mode over a site, with one page. */
export async function setUpLive(context: TestContext, tree: Tree = SITE, options: FingerpostOptions = {}) {
  const folder = makeTree(context, tree)
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { live: true, sources: [folder], ...options })
  app.get('/page', (_request, reply) => reply.type('text/html').send('<body><p>page</p></body>'))
  return { app, folder }
}

/** Asks without a connection. */
export const get = (app: ReturnType<typeof Fastify>, url: string, headers = {}) =>
  app.inject({ url, headers })
