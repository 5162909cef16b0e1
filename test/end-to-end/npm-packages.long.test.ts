import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build } from '../../src/builder/build.ts'
import { parseHashedPath } from '../../src/core/hashed-path.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { hasTool } from '../support/require.ts'
import { Link, makeTree, type Tree } from '../support/tree.ts'

const pack = (name: string, version: string, code: string): Tree => ({
  'package.json': JSON.stringify({ name, version, type: 'module' }),
  'index.js': code,
})

const installed = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, new Link(join(REPOSITORY, 'node_modules', name))]))

const APP = `
import { html, render } from 'lit'
import { Vector3 } from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
import { h } from 'preact'
import { version } from 'two'
import { old } from 'old'
const { useState } = await import('preact/hooks')
render(html\`<p>\${new Vector3(3, 4, 0).length()}</p>\`, document.body)
const text = document.querySelector('p').textContent
document.title = [text, typeof OrbitControls, h('b').type, typeof useState, version, old].join(' ')
`

const SITE: Tree = {
  'fingerpost.config.json': JSON.stringify({
    sources: ['assets'],
    importMap: { packages: 'auto' },
    encodings: [],
    cache: false,
  }),
  assets: { js: { 'app.js': APP } },
  node_modules: {
    ...installed('lit', 'three', 'preact'),
    two: pack('two', '2.0.0', 'export const version = 2'),
    old: {
      ...pack('old', '1.0.0', 'import { version } from "two"; export const old = version'),
      node_modules: { two: pack('two', '1.0.0', 'export const version = 1') },
    },
  },
}

for (const mode of ['build', 'live'] as const) {
  test(`lit, three and preact run in a browser without a bundler, and so do two versions: ${mode}`, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const cwd = makeTree(context, SITE)
    const app = Fastify({ forceCloseConnections: true })
    context.after(() => app.close())
    if (mode === 'build') {
      const { sources, importMap, encodings, cache } = JSON.parse(String(SITE['fingerpost.config.json']))
      await build({ sources, importMap, encodings, cache }, { cwd })
      await app.register(fingerpost, { root: join(cwd, 'staticfiles') })
    } else
      await app.register(fingerpost, { live: { config: join(cwd, 'fingerpost.config.json'), reload: false } })
    app.get('/', (_request, reply) => {
      const map = app.importMap({ nonce: 'once', entries: ['js/app.js'] })
      const script = `<script type="module" nonce="once" src="${app.static('js/app.js')}" integrity="${app.staticIntegrity('js/app.js')}"></script>`
      return reply
        .type('text/html')
        .header(
          'content-security-policy',
          "default-src 'none'; script-src 'nonce-once' 'strict-dynamic'; img-src data:",
        )
        .send(`<!doctype html><link rel="icon" href="data:,">${map}<body></body>${script}`)
    })
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    const page = await (await openBrowser(context)).newPage()
    const complaints: string[] = []
    const requested: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => requested.push(new URL(request.url()).pathname))
    await page.goto(origin)
    const deadline = Date.now() + 60_000
    while ((await page.title()) === '' && complaints.length === 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(complaints, [])
    assert.equal(await page.title(), '5 function b function 2 1')
    const files = requested.filter((path) => path.startsWith('/static/'))
    assert.ok(files.length >= 14, `${files.length} requests`)
    assert.deepEqual(
      files.filter(
        (path) => parseHashedPath(decodeURIComponent(path.slice('/static/'.length))) === undefined,
      ),
      [],
    )
  })
}
