import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFigure, formatNumber } from '../../../bench/report/figures.ts'
import { anchorOf, tableAsHtml, tableAsMarkdown, tableAsText } from '../../../bench/report/table.ts'

const table = {
  title: 'speed',
  head: ['', 'req/s'],
  rows: [
    ['sirv', '9'],
    ['a|<b>', '1 000'],
  ],
}

test('on a terminal the columns stand in line', () => {
  assert.equal(
    tableAsText(table),
    ['speed', '       req/s', '─────  ─────', 'sirv       9', 'a|<b>  1 000'].join('\n'),
  )
})

test('in Markdown a bar in a cell does not end the cell', () => {
  assert.equal(tableAsMarkdown(table).split('\n').at(-1), '| a\\|<b> | 1 000 |')
})

test('what was missed shows without colour', () => {
  const judged = { ...table, rows: [['sirv', { text: '9', tone: 'missed' as const }]] }
  assert.match(tableAsText(judged), /9 ✗$/)
  assert.match(tableAsMarkdown(judged), /\*\*9 ✗\*\* \|$/)
  assert.match(tableAsHtml(judged), /<td class="missed">9 ✗<\/td>/)
})

test('on a web page a cell cannot become markup', () => {
  assert.ok(tableAsHtml(table).includes('<td>a|&lt;b&gt;</td>'))
})

test('figures have three digits that count, and units people read', () => {
  const cases: readonly (readonly [number, string, string])[] = [
    [0.123, 'ms', '0.12 ms'],
    [12.34, 'ms', '12.3 ms'],
    [123.4, 'ms', '123 ms'],
    [1234.4, 'ms', '1 234 ms'],
    [61_000, 'ms', '61.0 s'],
    [3_000_000, 'B', '3.00 MB'],
    [1_234_567, '1/s', '1 234 567/s'],
    [0.954, '×', '0.95 ×'],
    [0.0062, '×', '0.006 ×'],
  ]
  for (const [value, unit, text] of cases) assert.equal(formatFigure(value, unit), text)
  assert.equal(formatNumber(Number.NaN), '–')
})

test('an anchor is what GitHub makes of a heading', () => {
  assert.equal(anchorOf('serve: 20 files, requests/s'), 'serve-20-files-requestss')
})
