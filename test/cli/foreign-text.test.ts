import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { COMMANDS } from '../../src/cli/commands.ts'
import { run } from '../../src/cli/main.ts'
import { createOutput } from '../../src/cli/output.ts'
import { makeTree } from '../support/tree.ts'
import { createRecorder } from './support.ts'

/** Sets a title, rings, clears the screen (C1), turns what follows around, deletes. */
const HOSTILE = 'x\u001b]0;title\u0007\u009b2J\u202e\u007fy'

/** Only our own colours and the redrawn line of progress may move a terminal. */
const OBEYED =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\u001b(?!\[(?:\d+m|K))/

/** Command lines that name, read or print the hostile names; the first of a command meets them in files. */
const LINES: Readonly<Record<keyof typeof COMMANDS, readonly (readonly string[])[]>> = {
  init: [[], ['--write'], [HOSTILE]],
  build: [
    ['assets', '--on-missing', 'warn'],
    ['assets'],
    ['fine', '--out', HOSTILE, '--previous', HOSTILE],
    [HOSTILE],
  ],
  find: [[`${HOSTILE}.css`, 'assets'], [HOSTILE], ['a', `${HOSTILE}=assets`]],
  why: [
    ['--root', 'damaged', HOSTILE],
    ['--root', HOSTILE, 'a'],
    ['a', HOSTILE],
  ],
  serve: [['--root', HOSTILE], ['--live', HOSTILE], [HOSTILE]],
  check: [
    ['--out', 'damaged'],
    ['--out', HOSTILE],
  ],
  report: [
    ['--root', 'damaged'],
    ['--root', HOSTILE],
    ['--out', HOSTILE, HOSTILE],
  ],
  prune: [
    ['--out', 'damaged'],
    ['--out', HOSTILE, '--keep', HOSTILE],
  ],
  pack: [['--out', HOSTILE], [HOSTILE]],
  cache: [[HOSTILE], ['--config', HOSTILE]],
  publish: [[`s3://${HOSTILE}`], [HOSTILE, '--endpoint', HOSTILE]],
  nginx: [
    ['--check', 'site.conf'],
    ['--check', 'broken.conf'],
    ['--out', HOSTILE, '--app', HOSTILE],
  ],
  media: [['check', 'media'], ['orphans', 'media'], [HOSTILE]],
  types: [['--out', HOSTILE], [HOSTILE]],
}

function makeSite(context: TestContext): string {
  const manifest = {
    version: 1,
    url: '/',
    digest: '0',
    assets: { [HOSTILE]: { file: HOSTILE, type: HOSTILE } },
  }
  return makeTree(context, {
    assets: {
      [`${HOSTILE}.css`]: `a{background:url(${HOSTILE}.png)} /*# sourceMappingURL=${HOSTILE}.map */`,
      'b.css': `@import "${HOSTILE}-none.css"; b{background:url("${HOSTILE}.svg")}`,
      'c.js': `import "./${HOSTILE}.js"`,
    },
    fine: { 'a.css': 'a{}' },
    damaged: { 'manifest.json': JSON.stringify(manifest), 'history.json': HOSTILE, [HOSTILE]: '' },
    media: { [HOSTILE]: 'x', [`.${HOSTILE}`]: 'x' },
    'package.json': JSON.stringify({ main: `${HOSTILE}.mjs`, dependencies: { [HOSTILE]: '1', ejs: '1' } }),
    [`${HOSTILE}.mjs`]: `import { app } from './${HOSTILE}/app.js'`,
    'vite.config.js': `export default { base: '/${HOSTILE}/', build: { outDir: '${HOSTILE}' } }`,
    'site.conf': `location /${HOSTILE} { alias /${HOSTILE}/; include ${HOSTILE}; autoindex on; }`,
    'broken.conf': `${HOSTILE} {`,
  })
}

for (const [name, lines] of Object.entries(LINES)) {
  test(`fingerpost ${name} shows control characters of names and texts, and sends none`, async (context) => {
    const cwd = makeSite(context)
    let shown = ''
    for (const argv of lines) {
      const [out, err] = [createRecorder(true), createRecorder(true)]
      await run([name, ...argv], {
        cwd,
        stdin: () => Readable.from([Buffer.from(HOSTILE)]),
        stdout: createOutput(out.stream, {}),
        stderr: createOutput(err.stream, {}),
        // Every one of these ends by itself.
        signal: AbortSignal.timeout(60_000),
        now: Date.now,
      })
      const sent = out.text() + err.text()
      shown += sent
      assert.doesNotMatch(sent, OBEYED, JSON.stringify([argv, sent]))
    }
    assert.match(shown, /\\(?:x1b|u001b)/, 'the names were met')
  })
}

test('every command is among them', () => {
  assert.deepEqual(Object.keys(LINES), Object.keys(COMMANDS))
})
