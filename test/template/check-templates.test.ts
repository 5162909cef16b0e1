import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findNameLiterals } from '../../src/template/check-templates.ts'
import { ENGINE_PAGES } from './engines.ts'

for (const { engine, source } of ENGINE_PAGES) {
  test(`every name in the page for ${engine} is found`, () => {
    const names = findNameLiterals(source).map(({ name }) => name)
    assert.deepEqual([...new Set(names)].sort(), [
      'css/site.css',
      'img/logo.svg',
      'img/logo.svg?v=1&w=2',
      'js/app.js',
    ])
  })
}

const found: readonly [text: string, names: readonly string[]][] = [
  [`<%= static( "a.css" ) %>`, ['a.css']],
  [`\${static(\`a.css\`)}`, ['a.css']],
  [`{%- static "a.css" -%}`, ['a.css']],
  [`{{{stylesheetTag 'a.css' media="print"}}}`, ['a.css']],
  [`{{#if (static 'a.css')}}`, ['a.css']],
  [`{{ "a.css"|static }}`, ['a.css']],
  [`{{ 'a.css' | stylesheet_tag: media: 'x' }}`, ['a.css']],
  [`{{ it.static('a.css') }} {{ app.static("b.css") }}`, ['a.css', 'b.css']],
  [`static('a.css', { absolute: true })`, ['a.css']],
  [`<!--[if IE]><%= static('a.css') %><![endif]-->`, ['a.css']],
  [`static('')`, ['']],
  [`<style>a{#b}</style> {{ static('a.css') }}`, ['a.css']],
]
for (const [text, names] of found) {
  test(`in ${text} the name is found`, () => {
    assert.deepEqual(
      findNameLiterals(text).map(({ name }) => name),
      names,
    )
  })
}

const ignored: readonly string[] = [
  `static('img/' + name)`,
  `{{ static('img/' ~ name) }}`,
  `static(\`img/\${name}\`)`,
  `static('img/'.concat(name))`,
  `static(name)`,
  `nonstatic('a.css')`,
  `static_('a.css')`,
  `$static('a.css')`,
  `x-static 'a.css'`,
  `{# static('a.css') #}`,
  `{% comment %}{% static 'a.css' %}{% endcomment %}`,
  `{{!-- {{static 'a.css'}} --}}`,
  `{{! static 'a.css' }}`,
  `{{-- static('a.css') --}}`,
  `<%# static('a.css') %>`,
  `  //- != static('a.css')`,
  `'a.css' | staticky`,
]
for (const text of ignored) {
  test(`in ${text} there is no name`, () => {
    assert.deepEqual(findNameLiterals(text), [])
  })
}

test('a name has the place of its first character, comments and line ends of any kind before it', () => {
  const text = `{# one\ntwo #}\r\n<p>{{ static('a.css') }}{{ 'b.css' | static }}`
  assert.deepEqual(findNameLiterals(text), [
    { name: 'a.css', line: 3, column: 15 },
    { name: 'b.css', line: 3, column: 29 },
  ])
})

test('hostile text comes to an end', { timeout: 60_000 }, () => {
  for (const piece of [
    `static('`,
    `{{!--`,
    `{#`,
    `'|`,
    `static `,
    `"" | `,
    `{% comment %}`,
    `<%#`,
    ' ',
    'static(\n',
  ]) {
    findNameLiterals(`static${piece.repeat(Math.ceil(200_000 / piece.length))}`)
  }
})
