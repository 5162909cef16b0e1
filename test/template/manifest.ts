import type { Manifest, ManifestAsset, ManifestReference } from '../../src/core/manifest/manifest.ts'

function asset(file: string, type: string, references: readonly ManifestReference[] = []): ManifestAsset {
  const name = file.replace(/\W/g, '')
  return { file, type, size: 1, etag: name, integrity: `sha384-${name}`, encodings: {}, references }
}

const CSS = 'text/css; charset=utf-8'
const JS = 'text/javascript; charset=utf-8'

/** A small site as a build would leave it. */
export const MANIFEST: Manifest = {
  version: 1,
  url: '/static/',
  digest: 'd',
  assets: new Map([
    ['css/base.css', asset('css/base.1.css', CSS, [{ path: 'css/reset.css', kind: 'css-import' }])],
    ['css/reset.css', asset('css/reset.2.css', CSS)],
    [
      'css/site.css',
      asset('css/site.3.css', CSS, [
        { path: 'css/base.css', kind: 'css-import' },
        { path: 'img/logo.svg', kind: 'css-url' },
      ]),
    ],
    ['font/a.woff2', asset('font/a.4.woff2', 'font/woff2')],
    ['img/logo.svg', asset('img/logo.5.svg', 'image/svg+xml; charset=utf-8')],
    [
      'js/app.js',
      asset('js/app.6.js', JS, [
        { path: 'js/b.js', kind: 'js-import' },
        { path: 'js/data.json', kind: 'js-import' },
        { path: 'js/late.js', kind: 'js-dynamic-import' },
      ]),
    ],
    ['js/b.js', asset('js/b.7.js', JS, [{ path: 'js/app.js', kind: 'js-import' }])],
    ['js/data.json', asset('js/data.10.json', 'application/json')],
    ['js/late.js', asset('js/late.8.js', JS)],
    ['odd/a?b&"c.txt', asset('odd/a?b&"c.9.txt', 'text/plain; charset=utf-8')],
  ]),
}
