import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuildChanges, FileChange } from '../../src/report/changes.ts'
import { formatDownload, formatGrowth, formatMarkdown, growthOf } from '../../src/report/markdown.ts'
import type { SiteReport } from '../../src/report/site-report.ts'

const CHANGES: BuildChanges = { since: 'a`|b', files: [], download: 2500, growth: -100, before: 1000 }
const TOTALS = { files: 1200, bytes: 3_000_000, download: 900 }
const summaryOf = (...changes: readonly BuildChanges[]) =>
  formatMarkdown({ totals: TOTALS, changes } as unknown as SiteReport)

test('without an earlier build the summary has the totals', () => {
  assert.equal(
    summaryOf(),
    `### Static files

| | Files | Original | Download |
| --- | --: | --: | --: |
| now | 1,200 | 3.0 MB | 900 B |
`,
  )
})

test('changed files are listed with their chain, and names cannot break the table', () => {
  const files: readonly FileChange[] = [
    { kind: 'gone', path: 'x|y.js', download: 10 },
    { kind: 'renamed', path: 'a.js', download: 20, because: ['a.js', 'b.js', 'c.js'] },
  ]
  assert.equal(
    summaryOf({ ...CHANGES, files })
      .split('| now |')[1]
      ?.replace(/^.*\n\n/, ''),
    `Since \`a??b\`: −100 B (−10.0 %) to download. A returning visitor downloads 2.5 kB.

| Change | File | Download |
| --- | --- | --: |
| gone | \`x?y.js\` | 10 B |
| renamed (\`b.js\` → \`c.js\`) | \`a.js\` | 20 B |
`,
  )
})

test('of many changed files twenty are listed and the others counted', () => {
  const files = Array.from({ length: 1021 }, (_, at) => ({
    kind: 'new' as const,
    path: `${at}.js`,
    download: 1,
  }))
  const text = summaryOf({ ...CHANGES, files })
  assert.equal(text.match(/^\| new \|/gm)?.length, 20)
  assert.match(text, /\n… and 1,001 more\n$/)
})

test('a returning visitor downloads less with dictionaries, and both are told', () => {
  assert.equal(
    formatDownload({ ...CHANGES, downloadWithDeltas: 300 }),
    'A returning visitor downloads 300 B, or 2.5 kB without dictionaries.',
  )
})

test('a site that was empty has grown without a share', () => {
  const changes = { ...CHANGES, before: 0, growth: 5 }
  assert.equal(growthOf(changes), Number.POSITIVE_INFINITY)
  assert.equal(formatGrowth(changes), '+5 B')
  assert.equal(growthOf({ ...changes, growth: 0 }), 0)
})
