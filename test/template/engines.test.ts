import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Liquid } from 'liquidjs'
import { createManifestResolver } from '../../src/resolve/manifest-resolver.ts'
import { installLiquid } from '../../src/template/liquid.ts'
import { createTemplateHelpers } from '../../src/template/template-functions.ts'
import { ENGINE_PAGES } from './engines.ts'
import { MANIFEST } from './manifest.ts'

const helpers = createTemplateHelpers(createManifestResolver(MANIFEST))

/** Start tags with their attributes, and text, whatever the spacing and entities. */
function contentOf(html: string): readonly string[] {
  return html
    .replaceAll('&#x3D;', '=')
    .replace('<!DOCTYPE', '<!doctype')
    .replace(/\/>/g, '>')
    .split(/(<[^>]*>)|\s+/)
    .filter((part) => part !== undefined && part !== '')
}

const expected = [
  ...[
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<title>',
    'page',
    '</title>',
  ],
  '<link rel="preload" as="style" href="/static/css/base.1.css" media="screen">',
  '<link rel="preload" as="style" href="/static/css/reset.2.css" media="screen">',
  '<link rel="stylesheet" href="/static/css/site.3.css" integrity="sha384-csssite3css" crossorigin="anonymous" media="screen">',
  '<link rel="modulepreload" href="/static/js/b.7.js" integrity="sha384-jsb7js" crossorigin="anonymous">',
  '<script type="module" src="/static/js/app.6.js" integrity="sha384-jsapp6js" crossorigin="anonymous">',
  ...['</script>', '</head>', '<body>'],
  '<img src="/static/img/logo.5.svg?v=1&amp;w=2" alt="sha384-imglogo5svg">',
  '<a href="/static/img/logo.5.svg">',
  ...['/static/img/logo.5.svg', '/static/img/logo.5.svg', '</a>', '</body>', '</html>'],
]

for (const { engine, source, render } of ENGINE_PAGES) {
  test(`${engine} renders tags as markup and URLs escaped`, async () => {
    assert.deepEqual(contentOf(await render(source, helpers)), expected)
  })

  test(`${engine} passes on the error of a misspelt name`, async () => {
    const misspelt = source.replaceAll('img/logo.svg', 'img/lgoo.svg')
    await assert.rejects(async () => render(misspelt, helpers), /"img\/lgoo\.svg".*\n?.*img\/logo\.svg/)
  })
}

test('Liquid escapes the URL without outputEscape as well', async () => {
  const engine = new Liquid()
  installLiquid(engine, helpers)
  const html = await engine.parseAndRender(`{{ name | static }} {% static name %}`, { name: 'js/b.js?a&b' })
  assert.equal(html, '/static/js/b.7.js?a&amp;b /static/js/b.7.js?a&amp;b')
})

test('Liquid and Handlebars make import maps', async () => {
  const liquid = new Liquid()
  installLiquid(liquid, helpers)
  const map = await liquid.parseAndRender(`{{ imports | import_map_tag: nonce: 'n' }}`, {
    imports: { b: 'js/b.js' },
  })
  assert.match(map, /^<script type="importmap" nonce="n">\{"imports":\{"b":"\/static\/js\/b\.7\.js"\}/)
  const handlebars = ENGINE_PAGES.find(({ engine }) => engine === 'Handlebars')
  const html = await handlebars?.render(`{{importMapTag b='js/b.js' nonce='n'}}`, helpers)
  assert.equal(html, map)
})

test("every engine reaches the build's import map", async () => {
  const expected = helpers.importMapTag()
  assert.match(expected, /"imports":\{\},"integrity":\{"\/static\/js\/app\.6\.js":"sha384-jsapp6js"/)
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: '{{ importMapTag() }}',
    EJS: '<%- importMapTag() %>',
    Eta: '<%~ it.importMapTag() %>',
    Handlebars: '{{importMapTag}}',
    Pug: '!= importMapTag()',
    Liquid: '{{ nil | import_map_tag }}',
    Edge: '{{{ importMapTag() }}}',
  }
  for (const { engine, render } of ENGINE_PAGES) {
    assert.equal(await render(sources[engine] ?? '', helpers), expected, engine)
  }
})

test('a name without quotes is told from a misspelt one', async () => {
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: '{% static img/logo.svg %}',
    Handlebars: '{{static img/logo.svg}}',
    Liquid: '{% static img/logo.svg %}',
  }
  await assertRejected(sources, /text, not (undefined|NaN)[\s\S]*in quotes/)
})

test('a tag without a name says what to write', async () => {
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: '{% static %}',
    Handlebars: '{{stylesheetTag}}',
    Liquid: '{% static %}',
  }
  await assertRejected(sources, /'css\/site\.css'/)
})

async function assertRejected(sources: Readonly<Record<string, string>>, message: RegExp): Promise<void> {
  for (const { engine, render } of ENGINE_PAGES) {
    const source = sources[engine]
    if (source !== undefined) await assert.rejects(async () => render(source, helpers), message, engine)
  }
}
