import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build as esbuild } from 'esbuild'
import { rollup } from 'rollup'
import { build } from '../../src/builder/build.ts'
import { makeTree, type Tree } from '../support/tree.ts'

const SOURCE: Tree = {
  'src/main.js':
    "import { shared } from './shared.js'\ndocument.title = shared\nimport('./late.js').then(console.log)",
  'src/other.js': "import { shared } from './shared.js'\nconsole.log(shared)",
  'src/shared.js': `export const shared = ${JSON.stringify('x'.repeat(2000))}`,
  'src/late.js': "import { shared } from './shared.js'\nexport default shared.length",
  'own/own.css': 'a{background:url(own.svg)}',
  'own/own.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/references.md'), 'utf8')

/** Builds over a bundler's output with the globs that the documentation gives for it, and looks at every name. */
async function assertPassedThrough(context: TestContext, bundler: string, cwd: string): Promise<void> {
  const row = new RegExp(`^\\| ${bundler} \\|.*\\| \`'([^']+)'\` \\|$`, 'm').exec(DOCS)
  assert.ok(row?.[1] !== undefined, `docs/references.md has a row for ${bundler}`)
  const sources = ['own', 'bundled=dist']
  const { manifest, problems } = await build({ sources, prehashed: [row[1]], cache: false }, { cwd })
  assert.deepEqual(problems, [])
  const files = readdirSync(join(cwd, 'dist'))
  assert.ok(files.length >= 4, `${files}`)
  for (const file of files) {
    const asset = manifest.assets.get(`bundled/${file}`)
    assert.equal(asset?.file, `bundled/${file}`)
    const bytes = readFileSync(join(cwd, 'staticfiles', asset.file))
    assert.deepEqual(bytes, readFileSync(join(cwd, 'dist', file)))
  }
  const entry = files.find((file) => file.startsWith('main'))
  assert.ok((manifest.assets.get(`bundled/${entry}`)?.references.length ?? 0) >= 2, 'its imports are known')
  assert.match(manifest.assets.get('own.css')?.file ?? '', /^own\.[0-9a-f]{16}\.css$/)
  context.diagnostic(files.join(' '))
}

test('what esbuild wrote keeps its names', async (context) => {
  const cwd = makeTree(context, SOURCE)
  await esbuild({
    absWorkingDir: cwd,
    entryPoints: ['src/main.js', 'src/other.js'],
    ...{ outdir: 'dist', bundle: true, splitting: true, format: 'esm' },
    ...{ entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', logLevel: 'error' },
  })
  await assertPassedThrough(context, 'esbuild', cwd)
})

test('what Rollup wrote keeps its names', async (context) => {
  const cwd = makeTree(context, SOURCE)
  const bundle = await rollup({ input: [join(cwd, 'src/main.js'), join(cwd, 'src/other.js')] })
  const names = { entryFileNames: '[name]-[hash].js', chunkFileNames: '[name]-[hash].js' }
  await bundle.write({ dir: join(cwd, 'dist'), format: 'es', ...names })
  await bundle.close()
  await assertPassedThrough(context, 'Rollup', cwd)
})

test('what webpack writes as modules keeps its names', async (context) => {
  const hash = (digit: string) => digit.repeat(20)
  const cwd = makeTree(context, {
    ...SOURCE,
    [`dist/main.${hash('a')}.js`]: `import "./shared.${hash('b')}.js"; import("./late.${hash('c')}.js")`,
    [`dist/shared.${hash('b')}.js`]: 'export const shared = 1',
    [`dist/late.${hash('c')}.js`]: '',
    [`dist/main.${hash('d')}.css`]: `a{background:url(main.${hash('a')}.js)}`,
  })
  await assertPassedThrough(context, 'webpack', cwd)
})
