// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the tables hold JavaScript as text
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createJavascriptScanner } from '../../../src/scan/javascript/javascript.ts'
import { assertMarked, type MarkedRow } from '../../support/marked.ts'

const scanner = await createJavascriptScanner()

const TABLES: Readonly<Record<string, readonly MarkedRow[]>> = {
  'import and export in every form (ECMA-262 §16.2)': [
    ['import a from "./a•.js"', './a.js'],
    ["import a from './a•.js';", './a.js'],
    ['import * as a from "./a•.js"', './a.js'],
    ['import*as a from"./a•.js"', './a.js'],
    ['import* as a from "./a•.js";import *  as  b from "../b•.mjs"', './a.js', '../b.mjs'],
    ['import { a as b, c } from "/static/a•.js"', '/static/a.js'],
    ['import a, { b } from "./a•.js"', './a.js'],
    ['import {\n  first,\n  $second_var_2 as third,\n}\nfrom "./a•.js"', './a.js'],
    ['import { "a b" as c } from "./a•.js"', './a.js'],
    ['import "./a•.js"', './a.js'],
    ['import"./a•.js"', './a.js'],
    ['export * from "./a•.js"', './a.js'],
    ['export * as b from "./a•.js"', './a.js'],
    ['export { a } from "./a•.js"', './a.js'],
    ['export {\n  a,\n  b as default\n}\nfrom\n"./a•.js"', './a.js'],
    ['export { default } from"./a•.js"', './a.js'],
    ['var p; import { a } from "./a•.js"; import b from "./b•.js"', './a.js', './b.js'],
    ['import a from "./a•.js"\nimport b from "./b•.js"\na()', './a.js', './b.js'],
    ['export { c };\nimport { a } from "./a•.js"', './a.js'],
    ['import a from "react•"', 'react'],
    ['\uFEFFimport a from "./a•.js"', './a.js'],
    ['#!/usr/bin/env node\nimport "./a•.js"', './a.js'],
    ['import a from "https://cdn.test/a•.js"', 'https://cdn.test/a.js'],
    ['import a from "./a•.js?x=1#y"', './a.js?x=1#y'],
    ['import a from "./LICENSE•"', './LICENSE'],
  ],
  'attributes and phases (ECMA-262 2025, source and defer proposals)': [
    ['import a from "./a•.json" with { type: "json" }', './a.json'],
    ['import a from"./a•.css"with{type:"css"};', './a.css'],
    ['import a from "./a•.json" assert { type: "json" }', './a.json'],
    ['export { a } from "./a•.json" with { type: "json" }', './a.json'],
    ['import source a from "./a•.wasm"', './a.wasm'],
    ['import defer * as a from "./a•.js"', './a.js'],
    ['import source from "./a•.js"', './a.js'],
    ['const a = await import.source("./a•.wasm")', './a.wasm'],
    ['const a = await import.defer("./a•.js")', './a.js'],
  ],
  'dynamic import': [
    ['import("./a•.js")', './a.js'],
    ["await import('./a•.js')", './a.js'],
    ['import(`./a•.js`)', './a.js'],
    ['import("./a•.json", { with: { type: "json" } })', './a.json'],
    ['import(\n  "./a•.js"\n)', './a.js'],
    ['import(/* webpackChunkName: "x" */ "./a•.js" /* y */)', './a.js'],
    ['import(// c\n"./a•.js", )', './a.js'],
    ['import("./a•.js").then(({ b }) => import("./c•.js"))', './a.js', './c.js'],
    ['import(`./a•.js?t=${Date.now()}`)', './a.js?t='],
    ['import(`./${name}`)'],
    ['import("./a" + ".js")'],
    ['import(name)'],
    ['a.import("./a.js")'],
    ['({ import: 1 }).import("./b.js")'],
  ],
  'new URL and import.meta.resolve (HTML §8.1.6.2)': [
    ['new URL("./a•.png", import.meta.url)', './a.png'],
    ["new URL('a•.png',import.meta.url).href", 'a.png'],
    ['new URL(`./a•.png`, import.meta.url)', './a.png'],
    ['new URL(/* c */ "./a•.png" /* d */, /* e */ import.meta.url)', './a.png'],
    ['new URL(\n  "./a•.png",\n  // why\n  import.meta.url,\n)', './a.png'],
    ['new Worker(new URL("./w•.js", import.meta.url), { type: "module" })', './w.js'],
    ['new SharedWorker(new URL("./w•.js", import.meta.url))', './w.js'],
    ['new URL("./a•.png", import.meta.url); new URL("./b•.png", import.meta.url)', './a.png', './b.png'],
    ['new globalThis.URL("./a•.png", import.meta.url)', './a.png'],
    ['new window . URL("./a•.png", import.meta["url"])', './a.png'],
    ['new URL("./a•.png", import.meta ?. url); import.meta["resolve"]("./b•.js")', './a.png', './b.js'],
    ['new selfish.URL("./a.png", import.meta.url); new URL("./a.png", import.meta["urls"])'],
    ['new URL("./a.png", location.href); new URL("./b•.png", import.meta.url)', './b.png'],
    ['new URL("./a.png", base)'],
    ['new URL("./a.png", import.meta.url.replace("x", "y"))'],
    ['new URL("./a" + ".png", import.meta.url)'],
    ['new URL(name, import.meta.url)'],
    ['new URL(`./${name}`, import.meta.url)'],
    ['new MyURL("./a.png", import.meta.url)'],
    ['f("./a.png", import.meta.url)'],
    ['"new URL(\'./a.png\', import.meta.url)"'],
    ['// new URL("./a.png", import.meta.url)'],
    ['import.meta.resolve("./a•.js")', './a.js'],
    ['import . meta /* c */ . resolve(\n"./a•.js" )', './a.js'],
    ['import.meta.resolve(name)'],
    ['import.meta.url + "./a.js"'],
  ],
  'importScripts in workers (HTML §10.3.1)': [
    ['importScripts("lib/math•.js")', 'lib/math.js'],
    ["self.importScripts('a•.js', `b•.js?v=1`,)", 'a.js', 'b.js?v=1'],
    ['importScripts(/* c */ "a•.js" /* , "no.js" */,\n"/static/b•.js")', 'a.js', '/static/b.js'],
    ['importScripts("a•.js", name)', 'a.js'],
    ['importScripts()'],
    ['// importScripts("a.js")\nconst a = "importScripts(\'b.js\')"; f(/importScripts("c.js")/)'],
    ['import("./a•.js"); importScripts("./b•.js")\n//# sourceMappingURL=c•.map', './a.js', './b.js', 'c.map'],
  ],
  'escapes stay as they are and are understood (ECMA-262 §12.9.4)': [
    [String.raw`import "./\x61•.js"`, './a.js'],
    [String.raw`import "./\u0061•.js"`, './a.js'],
    [String.raw`import "./\u{1F600}•.js"`, './😀.js'],
    [String.raw`import "./\u{000061}•\x2ejs"`, './a.js'],
    [String.raw`import './it\'s•.js'`, "./it's.js"],
    [String.raw`import ".\/a•.js"`, './a.js'],
    ['import "./a\\\n•.js"', './a.js'],
    ['import "./a\\\r\nb•.js"', './ab.js'],
    [
      'import "./a b•.js"; import "./a%20b•.js"; import "./ä+\'(1)•.js"',
      './a b.js',
      './a%20b.js',
      "./ä+'(1).js",
    ],
  ],
  'never in strings, comments, regular expressions and templates': [
    ['const a = "import b from \'./b.js\'"'],
    ['const a = \'import("./b.js")\''],
    ['const a = `import "./b.js"`; import "./c•.js"', './c.js'],
    ['const a = `${import("./b•.js")}`', './b.js'],
    ['// import "./b.js"\n/* import "./b.js" */ import "./c•.js"', './c.js'],
    ['/** @type {import("./x").T} */ export const a = 1'],
    ['const a = /import("b")/; import "./c•.js"', './c.js'],
    ['const a = /test"p/; import "./c•.js"', './c.js'],
    ['const a = /[a-z//]/; import "./c•.js"', './c.js'],
    ['const a = /test`p/; import "./c•.js"', './c.js'],
    ['import /* "./a.js" */ "./b•.js"; import c from /* d */ "./c•.js"', './b.js', './c.js'],
  ],
  'source maps (ECMA-426 §11.1.2.1)': [
    ['a()\n//# sourceMappingURL=a•.js.map', 'a.js.map'],
    ['a()\n//# sourceMappingURL=a•.js.map\n', 'a.js.map'],
    ['a()\r\n//# sourceMappingURL=a•.js.map\r\nb()', 'a.js.map'],
    ['a();//# sourceMappingURL=a•.js.map', 'a.js.map'],
    ['//@ sourceMappingURL=a•.js.map\t ', 'a.js.map'],
    ['//#\tsourceMappingURL=a•.js.map\nlet a = 1', 'a.js.map'],
    ['a()/*# sourceMappingURL=a•.js.map */', 'a.js.map'],
    ['//# sourceMappingURL=old.map\n//# sourceMappingURL=a•.js.map', 'a.js.map'],
    ['//# sourceMappingURL=a•.js.map\nconst b = "//# sourceMappingURL=b.map"', 'a.js.map'],
    ['//# sourceMappingURL=a•.js.map\nconst b = `\n//# sourceMappingURL=b.map\n`', 'a.js.map'],
    ['/*\n//# sourceMappingURL=b.map\n*/'],
    ['const a = /\\//# sourceMappingURL=b.map/'.replace('\\//', '\\/\\/')],
    ['//# sOuRcEMaPpInGURL=a.js.map'],
    ['//# sourceMappingURL=a b.map'],
    ['// # sourceMappingURL=a.js.map'],
    ['//# sourceMappingURL=data:application/json;base64,AAAA'],
    ['import "./b•.js"\n//# sourceMappingURL=a•.js.map', './b.js', 'a.js.map'],
    ['{ this does not parse "\n//# sourceMappingURL=a•.js.map\n', 'a.js.map'],
  ],
}

for (const [subject, rows] of Object.entries(TABLES)) {
  describe(subject, () => {
    for (const row of rows) test(JSON.stringify(row[0]), () => void assertMarked(scanner.scan, row))
  })
}

test('every construct has its kind', () => {
  const js = `import "./a.js"; import("./b.js"); import.meta.resolve("./c.js");
    new URL("./d.js", import.meta.url); importScripts("f.js")\n//# sourceMappingURL=e.map`
  assert.deepEqual(
    scanner.scan(js).references.map(({ kind }) => kind),
    ['js-import', 'js-dynamic-import', 'js-resolve', 'js-url', 'js-worker', 'source-map'],
  )
})

test('what does not parse as a module is noted and left alone', () => {
  const { references, notes } = scanner.scan('import a from "./a.js"; { "')
  assert.deepEqual(references, [])
  assert.deepEqual(
    notes.map(({ code, severity }) => [code, severity]),
    [['not-a-module', 'note']],
  )
})

test('a URL that is computed, or relative to a page nobody knows, is told', () => {
  const rows: readonly (readonly [js: string, text: string | undefined])[] = [
    ['importScripts(name)', 'importScripts'],
    ['importScripts("a.js", base + "b.js")', 'importScripts'],
    ['new URL(`./${name}.png`, import.meta.url)', '`./${name}.png`'],
    ['new URL(f("a", b), import.meta.url)', 'f("a", b)'],
    ['import.meta.resolve(name)', 'import.meta.resolve'],
    ['new Worker("js/w.js")', 'js/w.js'],
    ['new SharedWorker(`./w.js`)', './w.js'],
    ['context.audioWorklet.addModule("p.js")', 'p.js'],
    ['new Worker("blob:x"); new Worker(url); addModule(new URL("./a.js", import.meta.url))', undefined],
    ['new URL("a.png", base); f(import.meta.url)', undefined],
    ['const base = import.meta.url; new URL("a.png", base)', 'import.meta.url'],
    ['f((base = import.meta["url"]) => new URL("a.png", base))', 'import.meta["url"]'],
    ['if (a === import.meta.url || b != import.meta.url) c()', undefined],
    ['new window.URL(name, import.meta.url)', 'name'],
    ['// new Worker("js/w.js")', undefined],
  ]
  for (const [js, text] of rows) {
    const [note, ...others] = scanner.scan(js).notes
    assert.equal(note && js.slice(note.start, note.end), text, js)
    assert.deepEqual(others, [])
    if (note !== undefined) assert.equal(note.code, 'dynamic')
  }
})

test('a service worker keeps its URL, with a note', () => {
  const scripts = [
    'navigator.serviceWorker.register(new URL("./worker.js", import.meta.url), { type: "module" })',
    "navigator.serviceWorker?.register( new URL ('./worker.js', import.meta.url))",
    'const url = new URL(`./sw.js`, import.meta.url); navigator.serviceWorker.register(url)',
  ]
  for (const js of scripts) {
    const { references, notes } = scanner.scan(js)
    assert.deepEqual(references, [], js)
    assert.match(notes[0]?.message ?? '', /service worker/)
  }
  assert.equal(scanner.scan('new Worker(new URL("./sw.js", import.meta.url))').references.length, 1)
})

test('a computed path into our own folders is a warning, a computed module name a note', () => {
  const severities = ['import(`./${a}.js`)', 'import(a)', 'import("./a" + b)'].map(
    (js) => scanner.scan(js).notes[0]?.severity,
  )
  assert.deepEqual(severities, ['warning', 'note', 'note'])
})

describe('a comment in any place of a statement', () => {
  const statements = [
    'import| a| from| "./m.js"| with| {| type|:| "json"| }|',
    'import| a|,| *| as| b| from| "./m.js"|',
    'import| a|,| {| b| as| c| ,| d| }| from| "./m.js"|',
    'import| { "x y"| as| a| }| from| "./m.js"|',
    'import| "./m.js"|',
    'export| *| as| b| from| "./m.js"|',
    'export| {| a| as| b| }| from| "./m.js"|',
    'import|(| "./m.js"|,| {}| )|',
  ]
  const comments = [
    '/**/',
    ...['from "./no.js"', `it's "from`, '} from "./no.js"', 'import("./no.js")', '`${', '{'].flatMap(
      (text) => [`/* ${text} */`, `// ${text}\n`],
    ),
  ]
  for (const statement of statements) {
    test(statement.replaceAll('|', ''), () => {
      const pieces = statement.split('|')
      for (let index = 1; index < pieces.length; index++) {
        for (const comment of comments) {
          const js = `${pieces.slice(0, index).join('')}${comment}${pieces.slice(index).join('')}`
          const specifiers = scanner.scan(js).references.map(({ specifier }) => specifier)
          assert.deepEqual(specifiers, ['./m.js'], js)
        }
      }
    })
  }
})

test('a map inside the file is found', () => {
  const js = 'a()\n//# sourceMappingURL=data:application/json,{}'
  assert.deepEqual(scanner.scan(js).inlineMap, { start: 25, end: js.length })
})

test('a script is told by its extension, in any letter case', () => {
  assert.deepEqual(
    ['a.js', 'a.MJS', 'a.cjs', 'a.js.map', 'a.ts', 'js'].map((path) => scanner.accepts(path)),
    [true, true, true, false, false, false],
  )
})
