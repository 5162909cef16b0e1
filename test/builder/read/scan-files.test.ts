import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { scanBytes } from '../../../src/builder/read/scan-files.ts'
import { createScanners, findScanner } from '../../../src/scan/scanners.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const scanners = await createScanners({ html: false })

function scan(path: string, text: string) {
  const scanner = findScanner(scanners, path)
  if (scanner === undefined) throw new RangeError(`no scanner for ${path}`)
  return scanBytes(Buffer.from(text), scanner)
}

test('what is kept of a file does not hold its text', () => {
  const fileBytes = 4 * 1024 * 1024
  const filling = `/*${'x'.repeat(fileBytes)}*/`
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const scans = Array.from({ length: 8 }, (_, index) => [
    scan(`${index}.js`, `import './a-module-with-a-long-name-${index}.js'\n${filling}`),
    scan(`${index}.css`, `@import url("./a-sheet-with-a-long-name-${index}.css");\n${filling}`),
  ]).flat()
  collectGarbage()
  const heldBytes = process.memoryUsage().heapUsed - before
  assert.ok(heldBytes < 2 * fileBytes, `${heldBytes} bytes`)
  assert.ok(scans.every(({ references }) => references.length === 1))
})

test('a scan is the same after it was cached', () => {
  const text = `import './\\ud800.js'\nimport { a } from './b.js?v=1#c'\n`
  const fresh = scan('a.js', text)
  assert.deepEqual(JSON.parse(JSON.stringify(fresh)), fresh)
  assert.deepEqual(
    fresh.references.map(({ specifier, suffix, line }) => [specifier, suffix, line]),
    [
      ['./\ud800.js', '', 1],
      ['./b.js', '?v=1#c', 2],
    ],
  )
})
