import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { Edge } from 'edge.js'
import ejs from 'ejs'
import { Eta } from 'eta'
import Handlebars from 'handlebars'
import { Liquid } from 'liquidjs'
import nunjucks from 'nunjucks'
import pug from 'pug'
import { REPOSITORY } from '../support/cli.ts'
import { startMediaApp } from '../support/media-app.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/media.md'), 'utf8')

/** What the page says for an engine: the call, and the line that is needed before. */
function rowOf(engine: string): readonly string[] {
  const row = PAGE.split('\n').find((line) => new RegExp(`^\\| [\\w, ]*\\b${engine}\\b`).test(line))
  return [...(row ?? assert.fail(engine)).matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replaceAll('\\|', '|'),
  )
}

test('every template engine gets the address of a picture and of its variant as the page says', async (context) => {
  const { app } = await startMediaApp(context, { variants: { small: () => undefined } })
  const handlebars = Handlebars.create()
  const liquid = new Liquid()
  for (const engine of ['Handlebars', 'Liquid']) {
    const [, prepare = ''] = rowOf(engine)
    runInNewContext(prepare, { handlebars, liquid, app, Object })
  }
  const data = { user: { avatar: 'ann.png' }, mediaUrl: app.mediaUrl }
  const engines: Readonly<Record<string, (source: string) => unknown>> = {
    EJS: (source) => ejs.render(`<%= ${source} %>`, data),
    Pug: (source) => pug.render(`| #{${source}}`, data),
    Eta: (source) => new Eta().renderString(`<%= ${source} %>`, data),
    Nunjucks: (source) => nunjucks.renderString(source, data),
    Edge: (source) => Edge.create().renderRaw(source, data),
    Handlebars: (source) => handlebars.compile(source)({ user: data.user }),
    Liquid: (source) => liquid.parseAndRender(source, { user: data.user }),
  }
  for (const [engine, render] of Object.entries(engines)) {
    const [source = ''] = rowOf(engine)
    assert.equal(await render(source), '/media/ann.png@small.png', engine)
    const plain = source.replace(
      /(?:, \{ variant: 'small' \}|, variant='small'| variant='small'|: variant: 'small')/,
      '',
    )
    assert.equal(await render(plain), '/media/ann.png', engine)
  }
})
