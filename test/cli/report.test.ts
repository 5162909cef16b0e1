import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput } from '../../src/cli/output.ts'
import { formatProblem, formatProblemCount, formatProblems, quoteForShell } from '../../src/cli/report.ts'
import type { Problem } from '../../src/core/reference/problem.ts'
import { createRecorder } from './support.ts'

const { style } = createOutput(createRecorder().stream, {})

const missing: Problem = {
  code: 'missing',
  severity: 'error',
  file: 'css/site.css',
  line: 12,
  column: 18,
  written: 'url(../img/logo.svg)',
  target: 'img/logo.svg',
  message: 'url(../img/logo.svg) points to img/logo.svg, which is not in any source.',
  nearest: ['img/logo2.svg'],
}

test('a missing reference is told with its place, the nearest name and the way out', () => {
  assert.equal(
    formatProblem(missing, style),
    `css/site.css:12:18  url(../img/logo.svg) points to img/logo.svg, which is not in any source.
  Did you mean img/logo2.svg?
  Fix the path, add the file, or allow it with --allow-missing 'img/logo.svg'
`,
  )
})

test('a warning says so and asks for nothing', () => {
  assert.equal(
    formatProblem({ ...missing, severity: 'warning', nearest: [], line: 0, column: 0 }, style),
    'css/site.css  warning: url(../img/logo.svg) points to img/logo.svg, which is not in any source.\n',
  )
})

test('problems are counted by severity', () => {
  assert.equal(
    formatProblemCount([missing, missing, { ...missing, severity: 'warning' }]),
    '2 errors, 1 warning',
  )
  assert.equal(formatProblemCount([{ ...missing, severity: 'note' }]), '')
})

test('a name with a quote stays one word for a shell', () => {
  assert.equal(quoteForShell("it's.svg"), "'it'\\''s.svg'")
})

test('of many problems the first 50 are shown and the rest is counted', () => {
  const many = Array.from({ length: 5000 }, (_, index) => ({ ...missing, line: index + 1 }))
  const text = formatProblems(many, style)
  assert.equal(text.match(/^css\/site\.css:/gm)?.length, 50)
  assert.match(text, /^… and 4,950 more problems\. --json lists all\.\n$/m)
})

test('errors come before warnings, and imports of CSS after all else', () => {
  const warning: Problem = { ...missing, severity: 'warning', file: 'b.css' }
  const imported: Problem = { ...warning, code: 'import', file: 'a.js' }
  const text = formatProblems([...Array.from({ length: 300 }, () => imported), warning, missing], style)
  assert.match(text, /^css\/site\.css:12:18 [\s\S]*?^b\.css:12:18 {2}warning[\s\S]*?^a\.js:12:18/m)
  assert.match(text, /and 252 more problems/)
})
