import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from '../../src/builder/build.ts'
import { check } from '../../src/builder/maintain/check.ts'
import type { BuildReport, BuildStep } from '../../src/builder/report.ts'
import { integrityOf } from '../../src/core/digest.ts'
import { TYPESCRIPT } from '../support/cli.ts'
import { makeTree, readTree } from '../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(20)

/** Builds once, then again with something happening to the sources when a step begins. */
async function disturb(context: TestContext, step: BuildStep, happening: (source: string) => void) {
  const cwd = makeTree(context, {
    src: {
      'a.css': `${LONG} p { background: url(i.png) }`,
      'b.txt': LONG,
      'i.png': Buffer.from([137, 80, 78]),
    },
  })
  const options = { sources: ['src'], encodings: ['gzip' as const], cache: false as const }
  await build(options, { cwd })
  writeFileSync(join(cwd, 'src/b.txt'), `${LONG}!`)
  const manifest = () => readTree(join(cwd, 'staticfiles')).get('manifest.json')?.toString()
  const before = manifest()
  const second = build(options, {
    cwd,
    onProgress: (event) => {
      if (event.kind === 'step' && event.step === step) happening(join(cwd, 'src'))
    },
  })
  return { cwd, second, isAsBefore: () => manifest() === before }
}

const HAPPENINGS: Readonly<Record<string, (source: string) => void>> = {
  'a stylesheet vanishes': (source) => rmSync(join(source, 'a.css')),
  'a file grows': (source) => writeFileSync(join(source, 'b.txt'), `${LONG}${LONG}`),
  'a file is replaced by another of its size': (source) => writeFileSync(join(source, 'b.txt'), `${LONG}?`),
  'a file is put back under an old time': (source) => {
    writeFileSync(join(source, 'b.txt'), `${LONG}?`)
    utimesSync(join(source, 'b.txt'), 1, 1)
  },
}

/** What a build may do about it: end, saying which file it was, or be that of the bytes it has read already. */
async function endsOrIsWhole(second: Promise<BuildReport>, isAsBefore: () => boolean): Promise<void> {
  const report = await second.catch((error: Error & { code?: string }) => {
    assert.equal(error.code, 'FP_CHANGED', error.message)
    assert.match(error.message, /src\/(a\.css|b\.txt) .*during the build/s)
    assert.ok(isAsBefore())
  })
  if (report !== undefined) {
    assert.equal(report.manifest.assets.get('b.txt')?.integrity, integrityOf(Buffer.from(`${LONG}!`)))
    assert.equal(report.manifest.assets.get('a.css')?.references.length, 1)
  }
}

for (const [name, happening] of Object.entries(HAPPENINGS)) {
  test(`when ${name} before it is read, the build ends and the old one stays in force`, async (context) => {
    const { second, isAsBefore } = await disturb(context, 'scan', happening)
    await assert.rejects(second, { code: 'FP_CHANGED' })
    await endsOrIsWhole(second, isAsBefore)
  })

  test(`when ${name} after it was read, the build ends or is of what was read`, async (context) => {
    const { cwd, second, isAsBefore } = await disturb(context, 'encode', happening)
    await endsOrIsWhole(second, isAsBefore)
    assert.deepEqual((await check({ sources: [] }, {}, { cwd })).faults, [])
  })
}

test('a file that vanishes when its bytes are in the output already is not missed', async (context) => {
  const { second } = await disturb(context, 'encode', (source) => rmSync(join(source, 'i.png')))
  assert.ok((await second).manifest.assets.has('i.png'))
})

test('a file of two gibibytes is refused with its size and a way out', async (context) => {
  const cwd = makeTree(context, { src: { 'film.mp4': '' } })
  truncateSync(join(cwd, 'src/film.mp4'), 2 ** 31)
  await assert.rejects(build({ sources: ['src'], cache: false }, { cwd }), {
    code: 'FP_LIMIT',
    message: /film\.mp4 has 2147483648 bytes.*--ignore 'film\.mp4'/s,
  })
})

const SWAP = [...TYPESCRIPT, fileURLToPath(new URL('fixture/swap.mjs', import.meta.url))]

for (const path of ['small.css', 'large.txt']) {
  test(`a FIFO in the place of ${path} is refused, not waited for`, async (context) => {
    const folder = makeTree(context, { 'small.css': LONG, 'large.txt': LONG.repeat(100) })
    const { stdout, stderr, signal } = spawnSync(process.execPath, [...SWAP, folder, path], {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    assert.equal(signal, null, 'it waited')
    assert.equal(stderr, '')
    const { code, message } = JSON.parse(stdout)
    assert.equal(code, 'FP_CHANGED')
    assert.match(message, /(small\.css|large\.txt) was replaced by a FIFO, device or folder during/)
  })
}
