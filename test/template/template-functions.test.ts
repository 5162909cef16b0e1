import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManifestResolver } from '../../src/resolve/manifest-resolver.ts'
import { createTemplateHelpers } from '../../src/template/template-functions.ts'
import { MANIFEST } from './manifest.ts'

const resolver = createManifestResolver(MANIFEST)
const helpers = createTemplateHelpers(resolver)

test('static gives the URL with its suffix, staticIntegrity the integrity', () => {
  assert.equal(helpers.static('img/logo.svg'), '/static/img/logo.5.svg')
  assert.equal(helpers.static('img/logo.svg?x=1&y#z'), '/static/img/logo.5.svg?x=1&y#z')
  assert.equal(helpers.staticIntegrity('img/logo.svg'), 'sha384-imglogo5svg')
})

test('a name that holds ? and & is a name, percent-encoded in the URL and safe in HTML', () => {
  assert.equal(helpers.static('odd/a?b&"c.txt'), '/static/odd/a%3Fb&%22c.9.txt')
  assert.match(helpers.preloadTag('odd/a?b&"c.txt'), /href="\/static\/odd\/a%3Fb&amp;%22c\.9\.txt"/)
})

test('an unknown name throws with the nearest names, from every helper', () => {
  const error = { code: 'FP_UNKNOWN_NAME', message: /css\/site\.css/ }
  assert.throws(() => helpers.static('css/sit.css'), error)
  assert.throws(() => helpers.staticIntegrity('css/sit.css'), error)
  assert.throws(() => helpers.stylesheetTag('css/sit.css'), error)
  assert.throws(() => helpers.scriptTag('css/sit.css'), error)
  assert.throws(() => helpers.moduleTag('css/sit.css'), error)
  assert.throws(() => helpers.preloadTag('css/sit.css'), error)
  assert.throws(() => helpers.importMapTag({ app: 'css/sit.css' }), error)
})

test('a stylesheet comes after preloads of all it imports, the nearest first', () => {
  assert.equal(
    helpers.stylesheetTag('css/site.css'),
    '<link rel="preload" as="style" href="/static/css/base.1.css">' +
      '<link rel="preload" as="style" href="/static/css/reset.2.css">' +
      '<link rel="stylesheet" href="/static/css/site.3.css" integrity="sha384-csssite3css" crossorigin="anonymous">',
  )
})

test('a module comes after preloads of its static imports, circles included, each with its integrity', () => {
  assert.equal(
    helpers.moduleTag('js/app.js'),
    '<link rel="modulepreload" href="/static/js/b.7.js" integrity="sha384-jsb7js" crossorigin="anonymous">' +
      '<script type="module" src="/static/js/app.6.js" integrity="sha384-jsapp6js" crossorigin="anonymous"></script>',
  )
})

test('a classic script is one element', () => {
  assert.equal(
    helpers.scriptTag('js/late.js', { defer: true }),
    '<script src="/static/js/late.8.js" integrity="sha384-jslate8js" crossorigin="anonymous" defer></script>',
  )
})

test('preloads say as what: fonts and images with their type, modules as modulepreload', () => {
  assert.equal(
    helpers.preloadTag('font/a.woff2'),
    '<link rel="preload" as="font" href="/static/font/a.4.woff2" type="font/woff2" crossorigin="anonymous">',
  )
  // <img> and CSS load without CORS: a preload with it would be a second download.
  assert.match(
    helpers.preloadTag('img/logo.svg'),
    /^<link rel="preload" as="image" href="\S+" type="image\/svg\+xml">$/,
  )
  assert.match(
    helpers.preloadTag('img/logo.svg', { crossorigin: 'anonymous' }),
    /type="image\/svg\+xml" crossorigin="anonymous">$/,
  )
  assert.match(helpers.preloadTag('js/late.js'), /^<link rel="preload" as="script" href="\S+" integrity/)
  assert.match(
    helpers.preloadTag('js/late.js', { as: 'module' }),
    /^<link rel="modulepreload" href="\S+" integrity/,
  )
  assert.match(helpers.preloadTag('odd/a?b&"c.txt'), / as="fetch" /)
})

test('an import map names URLs and their integrity, and nothing in it can end the script', () => {
  assert.equal(
    helpers.importMapTag({ app: 'js/app.js', '</script><!--': 'js/b.js' }, { nonce: 'n' }),
    '<script type="importmap" nonce="n">' +
      '{"imports":{"app":"/static/js/app.6.js","\\u003c/script>\\u003c!--":"/static/js/b.7.js"},' +
      '"integrity":{"/static/js/app.6.js":"sha384-jsapp6js","/static/js/b.7.js":"sha384-jsb7js"}}</script>',
  )
})

test('the scopes of the import map are in it with and without integrity', () => {
  const importMapScopes = new Map([['npm/b@1.0.0/', new Map([['a', 'js/b.js']])]])
  const scoped = createTemplateHelpers(createManifestResolver({ ...MANIFEST, importMapScopes }))
  const scopes = '"scopes":{"/static/npm/b@1.0.0/":{"a":"/static/js/b.7.js"}}'
  assert.ok(scoped.importMapTag().includes(`,${scopes},"integrity":`))
  assert.ok(scoped.importMapTag(undefined, { integrity: false }).endsWith(`${scopes}}</script>`))
})

test('options switch parts off, the rest become attributes, escaped', () => {
  assert.equal(
    helpers.stylesheetTag('css/site.css', {
      integrity: false,
      crossorigin: false,
      preload: false,
      media: 'print',
      title: `a "b" <c> & 'd'`,
      disabled: true,
      hidden: false,
      id: undefined,
      'data-n': 1,
    }),
    '<link rel="stylesheet" href="/static/css/site.3.css" media="print" title="a &quot;b&quot; &lt;c&gt; &amp; &#39;d&#39;" disabled data-n="1">',
  )
  assert.match(helpers.stylesheetTag('css/site.css?a&b'), /href="\/static\/css\/site\.3\.css\?a&amp;b"/)
  for (const name of ['a b', 'x"', 'on>', 'a=b', '']) {
    assert.throws(() => helpers.scriptTag('js/late.js', { [name]: 'x' }), { code: 'FP_CONFIG' }, name)
  }
})

test('the nonce of the request is on every tag, one given by hand wins', () => {
  const ours = createTemplateHelpers(resolver, { nonce: 'abc' })
  assert.equal(ours.stylesheetTag('css/site.css').match(/nonce="abc"/g)?.length, 3)
  assert.equal(ours.moduleTag('js/app.js').match(/nonce="abc"/g)?.length, 2)
  assert.match(ours.importMapTag({}), /nonce="abc"/)
  assert.match(ours.scriptTag('js/late.js', { nonce: 'mine' }), /nonce="mine"/)
})

test('absolute URLs take the host of the request, those that have one keep it', () => {
  const ours = createTemplateHelpers(resolver, { origin: 'https://example.org' })
  assert.equal(
    ours.static('img/logo.svg?a', { absolute: true }),
    'https://example.org/static/img/logo.5.svg?a',
  )
  assert.match(
    ours.moduleTag('js/app.js', { absolute: true }),
    /href="https:\/\/example\.org\/static\/js\/b\.7\.js"/,
  )
  const onCdn = createTemplateHelpers(createManifestResolver(MANIFEST, 'https://cdn.example/'))
  assert.equal(onCdn.static('img/logo.svg', { absolute: true }), 'https://cdn.example/img/logo.5.svg')
  const relative = createTemplateHelpers(createManifestResolver(MANIFEST, '//cdn.example/'), {
    origin: 'https://a.b',
  })
  assert.equal(relative.static('img/logo.svg', { absolute: true }), 'https://cdn.example/img/logo.5.svg')
  assert.throws(() => helpers.static('img/logo.svg', { absolute: true }), {
    code: 'FP_CONFIG',
    message: /host/,
  })
})
