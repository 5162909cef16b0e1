import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/cli.ts'
import { Link, makeTree, readTree, type Tree, writeTree } from '../support/tree.ts'

interface Case {
  readonly tree: Tree
  readonly words: readonly string[]
  readonly code: 1 | 2
  /** What the message must say: what, where, what to do. */
  readonly says: readonly RegExp[]
}

const SITE: Tree = { 'css/site.css': 'body { background: url(../img/a.svg) }', 'img/a.svg': '<svg/>' }

const CASES: Readonly<Record<string, Case>> = {
  'an unknown command names the nearest': {
    tree: {},
    words: ['biuld'],
    code: 2,
    says: [/Unknown command "biuld"/, /build/],
  },
  'an unknown option names the nearest': {
    tree: { assets: SITE },
    words: ['build', 'assets', '--ingore', 'x'],
    code: 2,
    says: [/Unknown option --ingore/, /--ignore/],
  },
  'an unknown option of the config file names the nearest': {
    tree: { assets: SITE, 'fingerpost.config.json': '{ "sources": ["assets"], "encodngs": ["br"] }' },
    words: ['build'],
    code: 2,
    says: [/"encodngs"/, /fingerpost\.config\.json/, /encodings/],
  },
  'a value of the wrong shape is shown': {
    tree: { assets: SITE },
    words: ['build', 'assets', '--encodings', 'brotli'],
    code: 2,
    says: [/brotli/, /br/],
  },
  'no sources at all': {
    tree: {},
    words: ['build'],
    code: 2,
    says: [/No sources\. Try: fingerpost build assets/, /fingerpost build assets/, /config file/],
  },
  'a missing source names the nearest folder': {
    tree: { assets: SITE },
    words: ['build', 'asets'],
    code: 1,
    says: [/asets doesn't exist/, /assets/],
  },
  'a source that is a file': {
    tree: { assets: SITE },
    words: ['build', 'assets/img/a.svg'],
    code: 1,
    says: [/a\.svg/, /folder/],
  },
  'an output inside a source': {
    tree: { assets: SITE },
    words: ['build', 'assets', '--out', 'assets/built'],
    code: 1,
    says: [/assets/, /built/, /--out|folder of its own|outside/],
  },
  'a source inside the output': {
    tree: { out: { assets: SITE } },
    words: ['build', 'out/assets', '--out', 'out'],
    code: 1,
    says: [/out/, /assets/],
  },
  'two names that differ in case only': {
    tree: { one: { 'img/Logo.svg': '<svg/>' }, two: { 'img/logo.svg': '<svg/>' } },
    words: ['build', 'one', 'two'],
    code: 1,
    says: [/img\/Logo\.svg/, /img\/logo\.svg/, /case|disk/],
  },
  'dangling links and loops are named together': {
    tree: { assets: { 'gone.css': new Link('nowhere.css'), 'loop/again': new Link('..'), 'a.css': 'a{}' } },
    words: ['build', 'assets'],
    code: 1,
    says: [/gone\.css/, /loop\/again/],
  },
  'all references that lead nowhere, each with its place': {
    tree: {
      assets: {
        ...SITE,
        'css/one.css': '@import "tow.css";\n\na { background: url( "../img/b.svg" ) }',
        'css/two.css': '',
        'js/app.js': 'import "./lib.js"',
      },
    },
    words: ['build', 'assets'],
    code: 1,
    says: [
      /css\/one\.css:1:\d+/,
      /css\/two\.css/,
      /css\/one\.css:3:\d+/,
      /img\/a\.svg/,
      /js\/app\.js:1:\d+/,
      /--allow-missing/,
    ],
  },
  "an output with somebody else's manifest.json": {
    tree: { assets: SITE, public: { 'manifest.json': '{"name":"My PWA"}' } },
    words: ['build', 'assets', '--out', 'public'],
    code: 1,
    says: [
      /public has a manifest\.json that fingerpost didn't write/,
      /--out DIR/,
      /move manifest\.json away/,
    ],
  },
  'a kept name that the build needs itself': {
    tree: {
      assets: { ...SITE, 'manifest.json': '{}' },
      'fingerpost.config.json': '{ "sources": ["assets"], "prehashed": ["*.json"] }',
    },
    words: ['build'],
    code: 1,
    says: [/manifest\.json {2}\(the build's manifest, manifest\.json\)/, /prehashed/, /--ignore/],
  },
  'a name no source has': {
    tree: { assets: SITE },
    words: ['find', 'css/sit.css', 'assets'],
    code: 1,
    says: [/css\/sit\.css/, /css\/site\.css/],
  },
}

for (const [name, { tree, words, code, says }] of Object.entries(CASES)) {
  test(`${name}: a clear message, exit ${code}, nothing written`, async (context) => {
    const cwd = makeTree(context, tree)
    const before = [...readTree(cwd).keys()]
    const outcome = await runCli(cwd, words)
    assert.equal(outcome.code, code, outcome.stderr)
    for (const pattern of says) assert.match(outcome.stderr, pattern)
    assert.doesNotMatch(outcome.stderr, /^\s+at /m, 'a stack trace is for bugs')
    assert.equal(outcome.stdout, '')
    assert.deepEqual(withoutCache([...readTree(cwd).keys()]), before)
  })
}

test('with --json an error is one object on stdout', async (context) => {
  const cwd = makeTree(context, { assets: { 'a.css': 'a { background: url(b.png) }' } })
  const { code, stdout } = await runCli(cwd, ['build', 'assets', '--json'])
  assert.equal(code, 1)
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
  assert.equal(error.code, 'FP_REFERENCE')
  assert.match(error.message, /a\.css:1:21/)
})

test('a file nobody may read is named, and the old build stays as it was', async (context) => {
  const cwd = makeTree(context, { assets: SITE })
  assert.equal((await runCli(cwd, ['build', 'assets'])).code, 0)
  const before = readTree(join(cwd, 'staticfiles'))
  writeTree(join(cwd, 'assets'), { 'secret.css': 'a{}', 'new.css': 'b{}' })
  chmodSync(join(cwd, 'assets/secret.css'), 0)
  const outcome = await runUnprivileged(cwd, ['build', 'assets', '--no-cache'])
  if (outcome === undefined) return context.skip('runs as root, and nobody may not read this checkout')
  assert.equal(outcome.code, 1, outcome.stderr)
  assert.match(outcome.stderr, /secret\.css/)
  assert.deepEqual(readTree(join(cwd, 'staticfiles')), before)
})

test('a full disk is named, and the old build stays whole', async (context) => {
  const cwd = makeTree(context, { assets: SITE, small: {} })
  const out = join(cwd, 'small')
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', out]).status !== 0) {
    return context.skip('only root may mount a small disk')
  }
  try {
    assert.equal((await runCli(cwd, ['build', 'assets', '--out', out])).code, 0)
    const before = readTree(out)
    writeTree(join(cwd, 'assets'), {
      'big.png': randomBytes(1_000_000),
      'css/site.css': '@import "more.css"',
    })
    writeTree(join(cwd, 'assets'), { 'css/more.css': '' })
    const outcome = await runCli(cwd, ['build', 'assets', '--out', out])
    assert.equal(outcome.code, 1, outcome.stderr)
    assert.match(outcome.stderr, /no space left/i)
    const after = readTree(out)
    // The history names the files of an attempt before they are written, so that prune can find them.
    before.delete('history.json')
    for (const [file, bytes] of before) assert.deepEqual(after.get(file), bytes, file)
    const checked = await runCli(cwd, ['check', '--out', out])
    assert.equal(checked.code, 0, checked.stderr)
  } finally {
    execFileSync('umount', [out])
  }
})

function withoutCache(files: readonly string[]): readonly string[] {
  return files.filter((file) => !file.startsWith('node_modules/.cache/'))
}

/** Runs the command line as somebody whom permissions stop; undefined where that can't be arranged. */
async function runUnprivileged(cwd: string, words: readonly string[]) {
  if (process.getuid?.() !== 0) return runCli(cwd, words)
  const nobody = 65_534
  for (const file of execFileSync('find', [cwd], { encoding: 'utf8' }).trim().split('\n'))
    chownSync(file, nobody, nobody)
  const probe = await runCli(cwd, ['--version'], { uid: nobody, gid: nobody }).catch(() => undefined)
  return probe?.code === 0 ? runCli(cwd, words, { uid: nobody, gid: nobody }) : undefined
}
