import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext, test } from 'node:test'
import { CLI } from '../../support/cli.ts'
import { makeTree, type Tree, writeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

/** `build --watch` in a process of its own, in a folder with these files. */
function startWatch(context: TestContext, tree: Tree, ...words: readonly string[]) {
  const cwd = makeTree(context, tree)
  const child = spawn(process.execPath, [CLI, 'build', '--watch', ...words], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  context.after(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  let heard = ''
  let isOver = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  closed.then(() => {
    isOver = true
  })
  return {
    cwd,
    /** Waits for words after those that were waited for before; the runner's limit is the limit. */
    async said(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = pattern.exec(heard)
        if (found !== null) {
          heard = heard.slice(found.index + found[0].length)
          return found[0]
        }
        assert.ok(!isOver, `ended without ${pattern}: ${heard}`)
        await new Promise((done) => setTimeout(done, 10))
      }
    },
    /** What was said since. */
    heard: () => heard,
    /** The hashed name of a file in the build; undefined if it has none. */
    fileOf(name: string): string | undefined {
      const { assets } = JSON.parse(readFileSync(join(cwd, 'staticfiles/manifest.json'), 'utf8'))
      return assets[name]?.file
    },
    async end(signal: NodeJS.Signals): Promise<unknown> {
      child.kill(signal)
      return (await closed)[0]
    },
  }
}

const WATCHING = /Watching (.*)\. Press Ctrl\+C to stop\.\n/

// They wait more than they work.
describe('build --watch', { concurrency: 2, timeout: 120_000 }, () => {
  it('builds after an edit, keeps the last build while a reference is broken, and ends on SIGINT with 0', async (context) => {
    const tree = { 'assets/css/site.css': 'a{color:red}', 'assets/img/a.svg': '<svg/>' }
    const watch = startWatch(context, tree, 'assets')
    assert.match(
      await watch.said(/✓ 2 files built into staticfiles[\s\S]*Ctrl\+C to stop\./),
      /Watching assets\./,
    )
    const first = watch.fileOf('css/site.css')
    const styles = join(watch.cwd, 'assets/css/site.css')
    writeFileSync(styles, 'a{color:blue}')
    await watch.said(/^\d\d:\d\d:\d\d ✓ css\/site\.css changed, built in [\d.]+ m?s$/m)
    const second = watch.fileOf('css/site.css')
    assert.notEqual(second, first)

    writeFileSync(styles, 'a{background:url(../img/b.svg)}')
    await watch.said(/css\/site\.css:1:\d+ .*img\/b\.svg[\s\S]*1 error\. Nothing was published\./)
    await watch.said(/✗ css\/site\.css changed, not built$/m)
    assert.equal(watch.fileOf('css/site.css'), second)

    writeFileSync(join(watch.cwd, 'assets/img/b.svg'), '<svg/>')
    await watch.said(/✓ img\/b\.svg changed, built in/)
    assert.notEqual(watch.fileOf('css/site.css'), second)

    rmSync(join(watch.cwd, 'assets/img/a.svg'))
    await watch.said(/✓ img\/a\.svg changed, built in .*\n/)
    assert.equal(watch.fileOf('img/a.svg'), undefined)
    assert.equal(await watch.end('SIGINT'), 0)
    assert.equal(watch.heard().trim(), '')
  })

  it('reads the config file again, in every form', async (context) => {
    const forms = {
      'fingerpost.config.json': (folder: string) => `{"sources":["${folder}"]}`,
      'fingerpost.config.mjs': (folder: string) => `export default { sources: ['${folder}'] }`,
      'fingerpost.config.js': (folder: string) => `module.exports = { sources: ['${folder}'] }`,
    }
    for (const [name, textFor] of Object.entries(forms)) {
      const watch = startWatch(context, { [name]: textFor('one'), 'one/a.txt': '1', 'two/b.txt': '2' })
      await watch.said(WATCHING)
      writeFileSync(join(watch.cwd, name), textFor('two'))
      await watch.said(new RegExp(`✓ ${name} changed, built in`))
      assert.ok(watch.fileOf('b.txt'))
      writeFileSync(join(watch.cwd, 'two/b.txt'), '3')
      await watch.said(/✓ b\.txt changed, built in/)
      writeFileSync(join(watch.cwd, name), textFor('three'))
      await watch.said(/three doesn't exist[\s\S]*✗ \S+ changed, not built/)
      renameSync(join(watch.cwd, 'one'), join(watch.cwd, 'three'))
      await watch.said(/✓ a source folder changed, built in/)
      assert.equal(await watch.end('SIGTERM'), 0)
    }
  })

  it('waits when the first build fails, and names many changes by their first', async (context) => {
    const watch = startWatch(context, { 'assets/a.css': '@import "b.css";' }, 'assets')
    await watch.said(/✗ not built\n/)
    await watch.said(WATCHING)
    writeTree(watch.cwd, { assets: { 'b.css': '', 'c.css': '', 'd/e.css': '' } })
    await watch.said(/✓ b\.css and 2 more files changed, built in/)
    assert.equal(await watch.end('SIGINT'), 0)
  })

  it('builds when a package is installed, and when a file of it changes', async (context) => {
    const watch = startWatch(context, {
      'fingerpost.config.json': '{"sources":["assets"],"importMap":{"packages":"auto"}}',
      'assets/a.js': "import 'tiny'",
    })
    await watch.said(/tiny[\s\S]*✗ not built/)
    writeTree(watch.cwd, {
      'node_modules/tiny/package.json':
        '{"name":"tiny","version":"1.0.0","type":"module","exports":"./a.js"}',
      'node_modules/tiny/a.js': 'export default 1',
      'node_modules/.package-lock.json': '{}',
    })
    await watch.said(/✓ \.package-lock\.json changed, built in/)
    const first = watch.fileOf('npm/tiny@1.0.0/a.js')
    assert.ok(first)
    writeFileSync(join(watch.cwd, 'node_modules/tiny/a.js'), 'export default 2')
    await watch.said(/✓ npm\/tiny@1\.0\.0\/a\.js changed, built in/)
    assert.notEqual(watch.fileOf('npm/tiny@1.0.0/a.js'), first)
    assert.equal(await watch.end('SIGINT'), 0)
  })

  it('builds when a file changes that only a transform reads, also after one that failed', async (context) => {
    const watch = startWatch(context, {
      'fingerpost.config.mjs': `import { readFileSync } from 'node:fs'
        const apply = (path, bytes, context) => {
          const { file } = context
          const used = file.replace('site', '_colors')
          const colors = readFileSync(used, 'utf8')
          if (colors.includes('!')) throw new Error('a colour is wrong')
          for (const each of [file, used]) context.dependOn(each)
          return bytes + colors
        }
        export default { sources: ['assets'], ignore: ['_*'], transform: [{ match: '*.css', version: '1', apply }] }`,
      'assets/site.css': 'a{}',
      'assets/_colors.css': '!',
    })
    const colors = join(watch.cwd, 'assets/_colors.css')
    await watch.said(/a colour is wrong[\s\S]*✗ not built/)
    await watch.said(WATCHING)
    const seen = new Set<string | undefined>()
    for (const text of ['b{}', 'c{}']) {
      writeFileSync(colors, text)
      await watch.said(/✓ _colors\.css changed, built in/)
      seen.add(watch.fileOf('site.css'))
    }
    assert.equal(seen.size, 2)
    writeFileSync(join(watch.cwd, 'assets/site.css'), 'd{}')
    await watch.said(/✓ site\.css changed, built in/)
    writeFileSync(colors, '!')
    await watch.said(/✗ _colors\.css changed, not built/)
    writeFileSync(colors, 'e{}')
    await watch.said(/✓ _colors\.css changed, built in/)
    assert.equal(await watch.end('SIGINT'), 0)
  })

  it('ended in the middle of a build leaves the last build, and nothing unfinished', async (context) => {
    const watch = startWatch(context, { 'assets/a.txt': 'a' }, 'assets', '--no-cache')
    await watch.said(WATCHING)
    const before = readFileSync(join(watch.cwd, 'staticfiles/manifest.json'))
    // Text that takes brotli a while. The lock tells that a build has begun to write.
    const slow = Array.from({ length: 40 }, (_, i) => [`b${i}.txt`, randomBytes(300_000).toString('hex')])
    writeTree(watch.cwd, { assets: Object.fromEntries(slow) })
    const isLocked = () =>
      readdirSync(join(watch.cwd, 'staticfiles/.fingerpost')).some((name) => name.startsWith('lock-'))
    while (!isLocked()) await new Promise((done) => setTimeout(done, 5))
    assert.equal(await watch.end('SIGINT'), 0)
    assert.deepEqual(readFileSync(join(watch.cwd, 'staticfiles/manifest.json')), before)
    const left = readdirSync(join(watch.cwd, 'staticfiles'), { recursive: true, encoding: 'utf8' })
    assert.deepEqual(
      left.filter((name) => /tmp|lock/.test(name)),
      [],
    )
  })
})

test('--watch is refused with options that are about one build, and without sources', async (context) => {
  const cwd = makeTree(context, { 'a/a.css': '' })
  for (const words of [['--json'], ['--dry-run'], ['--report', 'x.html']]) {
    const { code, stdout, stderr } = await runIn(cwd, 'build', 'a', '--watch', ...words)
    assert.equal(code, 2)
    assert.match(stdout + stderr, new RegExp(`--watch can't be used with ${words[0]}: `))
  }
  const { code, stderr } = await runIn(cwd, 'build', '--watch')
  assert.equal(code, 2)
  assert.match(stderr, /No sources\. Try: fingerpost build assets/)
})
