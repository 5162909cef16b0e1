import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parse as parseYaml } from 'yaml'
import { type Block, blocksOf, makeProject, type Project, readGuide, run, startServer } from './guide.ts'
import { preludeOf } from './program.ts'

/** What a page of reference leaves out: the project it speaks of, and what stands in for the rest of the world. */
export interface PageSetup {
  /** Files beside those of the page and {@link SITE}. */
  readonly files?: Readonly<Record<string, string>>
  /** Commands before those of the page. */
  readonly before?: string
  /** What this machine lacks, and what stands in for it. */
  readonly standIns?: Readonly<Record<string, string>>
  /** Programs before those of the system, by name. */
  readonly programs?: Readonly<Record<string, string>>
  /** The tests that run the code of the page; here only its commands run. */
  readonly codeBy?: readonly string[]
  /** True if the page publishes to the bucket `my-bucket`. */
  readonly bucket?: true
  /** Looks at what the page has made. */
  readonly check?: (project: Project, blocks: readonly Block[], said: string) => void
}

const SITE = {
  'assets/css/site.css': 'body { background: url("../img/logo.svg") }',
  'assets/css/critical.css': 'body { margin: 0 }',
  'assets/js/app.js': 'document.title = "Atlas"',
  'assets/js/theme.js': 'document.documentElement.dataset.theme = "light"',
  'assets/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'fingerpost.config.js': "export default { sources: ['assets'] }",
  // The address of a CDN that has the build of the folder `old`.
  'cdn.js': `
    import { createServer } from 'node:http'
    import { readFileSync } from 'node:fs'
    const answer = ({ url }, response) => {
      try {
        response.end(readFileSync(url.replace('/static/', 'old/')))
      } catch {
        response.writeHead(404).end()
      }
    }
    createServer(answer).listen({ port: 3000 })`,
}

const BUILD = 'npx fingerpost build'
/** For the packages that the pages name. */
const FAST = `${BUILD} --quality fast`
const KEEP = `${BUILD}; cp -r staticfiles old`

/** Pages of which every command and every piece of code runs as it is printed. */
export const REFERENCE_PAGES: Readonly<Record<string, PageSetup>> = {
  'npm-packages.md': {
    files: {
      'render.js': `
        import Fastify from 'fastify'
        import view from '@fastify/view'
        import nunjucks from 'nunjucks'
        import fingerpost from 'fingerpost'
        const app = Fastify()
        await app.register(fingerpost)
        await app.register(view, { engine: { nunjucks }, root: 'views' })
        app.get('/', (_request, reply) => reply.view('index.njk'))
        console.log((await app.inject('/')).body)`,
    },
    check(project, blocks) {
      const { cwd } = project
      const { assets } = manifestOf(cwd)
      const listing = blocks.find(({ code }) => code.startsWith('js/app.js\n'))?.code ?? ''
      const nameOf = (line: string) => line.replace(/@[\d.]+\//, '@…/')
      const names = new Set(Object.keys(assets).map(nameOf))
      for (const line of listing.trim().split('\n')) assert.ok(names.has(nameOf(line)), line)
      assert.match(run(project, 'node render.js'), /"lit":"\/static\/npm\/lit@[\s\S]*<script type="module"/)
    },
  },
  'report.md': {
    before: `${BUILD}; npx fingerpost pack last-build.tar`,
    programs: { 'xdg-open': '#!/bin/sh\necho "$@" > opened\n' },
    check(project, blocks, said) {
      const steps: readonly { readonly run: string }[] = parseYaml(
        blocks.find(({ language }) => language === 'yaml')?.code ?? '',
      )
      const env = { ...project.env, GITHUB_STEP_SUMMARY: 'summary.md' }
      for (const step of steps) run({ ...project, env }, step.run)
      const read = (file: string) => readFileSync(join(project.cwd, file), 'utf8')
      assert.match(read('summary.md'), /^#/)
      assert.match(read('opened'), /report\.html/)
      assert.match(read('built.html'), /^<!doctype html>/i)
      const sample = blocks.find(({ code }) => code.startsWith('$ '))?.code ?? ''
      const words = (text: string) => [...text.matchAll(/^ {2}(\w+(?: \w+)?) {2,}/gm)].map(([, word]) => word)
      assert.deepEqual(words(said), words(sample))
    },
  },
  'build.md': { before: KEEP, standIns: { '/mnt/old/staticfiles': 'old', '/tmp/': 'tmp/' } },
  'dictionaries.md': { before: BUILD },
  'references.md': {
    files: {
      'assets/my theme.css': '',
      'assets/css/site.css': '@IMPORT uRL( "../my%20theme.css" ) layer(base);\n',
    },
    before: FAST,
    check({ cwd }, blocks) {
      const read = (file: string) => readFileSync(join(cwd, file), 'utf8')
      const built = read(`staticfiles/${manifestOf(cwd).assets['css/site.css']?.file}`)
      const sample = blocks.find(({ language }) => language === 'css')?.code ?? ''
      assert.equal((read('assets/css/site.css') + built).replace(HASH, '.#.'), sample.replace(HASH, '.#.'))
    },
  },
  'development.md': {},
  'media.md': {
    codeBy: ['media.long.test.ts', 'media-record.long.test.ts'],
    files: { 'media/avatars/ann.png': '', 'media/avatars/bob.png': '' },
    programs: { psql: '#!/bin/sh\necho avatars/ann.png\n' },
    check: (_project, _blocks, said) => assert.equal(said, ''),
  },
  'serving.md': { before: BUILD },
  'deploy.md': {
    bucket: true,
    before: KEEP,
    programs: { nginx: '#!/bin/sh\n', systemctl: '#!/bin/sh\n' },
    standIns: { '/etc/nginx/conf.d/': '', '/srv/app/media': 'media' },
  },
  'templates/README.md': { before: BUILD },
  'configuration.md': { before: FAST, standIns: { '/srv/media': 'media' } },
  'troubleshooting.md': {},
  'coming-from-fastify-static.md': {
    files: { 'public/site.css': '' },
    before: `${BUILD} public --url /public/`,
  },
}

const IN_PART = 'docs/exceptions.long.test.ts'

/**
 * Blocks that are not run as they are, by what only they contain, why, and what runs them as far as possible: a test, or
 * a `check` of the table above.
 */
export const EXCEPTIONS: readonly (readonly [page: string, piece: string, reason: string, by: string])[] = [
  ['README.md', 'npm run demo', 'its second line runs all tests, this one too', IN_PART],
  ['docs/benchmarks-in-detail.md', 'npm run bench', 'measures for an hour', IN_PART],
  ['docs/benchmarks-in-detail.md', 'apt-get install', 'changes the system', IN_PART],
  ['docs/dictionaries.md', 'curl -sD-', 'address and digest are for the reader to fill in', IN_PART],
  ['docs/dictionaries.md', '"minBytes": 1024', 'what a build writes, shortened', IN_PART],
  ['docs/guides/cloudfront.md', 'aws s3api', 'needs the AWS command line', 'docs/guides.long.test.ts'],
  ['docs/npm-packages.md', 'npm run bench', 'measures for minutes', IN_PART],
  ['docs/references.md', '@IMPORT', 'a file before and after a build', 'docs/reference-pages.ts'],
  ['docs/report.md', 'GITHUB_STEP_SUMMARY', 'steps of GitHub Actions', 'docs/reference-pages.ts'],
  ['docs/security.md', 'npm run soak', 'takes ten minutes, the other lines run tests', IN_PART],
]

const HASH = /\.[0-9a-f]{16}\./g

/** What pieces of code leave out: where their names come from. */
const PRELUDE: Readonly<Record<string, string>> = {
  app: "import Fastify from 'fastify'\nconst app = Fastify()",
  fingerpost: "import fingerpost from 'fingerpost'",
  media: "import { media } from 'fingerpost/media'",
  build: "import { build } from 'fingerpost/build'",
  helmet: "import helmet from '@fastify/helmet'",
  fastifyStatic: "import fastifyStatic from '@fastify/static'",
  path: "import path from 'node:path'",
  nonce: "const nonce = 'c2Vzc2lvbg'",
  storage:
    "const { createFilesystemStorage: open } = await import('fingerpost/media')\nconst storage = open({ root: 'old' })",
}

/** Runs every command and every piece of code of a page, in order, in a project of its own. */
export async function followPage(
  context: TestContext,
  page: string,
  setup: PageSetup,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const { files } = readGuide(page)
  const made = makeProject(context, { ...SITE, ...setup.files, ...files }, setup.programs)
  const project = { ...made, env: { ...made.env, ...env } }
  for (const folder of ['media', 'tmp']) mkdirSync(join(project.cwd, folder), { recursive: true })
  if (setup.before !== undefined) run(project, setup.before)
  const blocks = blocksOf(`docs/${page}`)
  const text = blocks.map(({ code }) => code).join('')
  const cdn = text.includes('https://cdn.example.com/static/manifest.json')
    ? { 'https://cdn.example.com': await startServer(context, project, 'node cdn.js') }
    : {}
  const standIns = Object.entries({ ...setup.standIns, ...cdn })
  const here = (code: string) => standIns.reduce((all, [from, to]) => all.replaceAll(from, to), code)
  const said = blocks
    .filter(
      (block) => isRun(`docs/${page}`, block) && (setup.codeBy === undefined || block.language === 'sh'),
    )
    .map((block) => runBlock(project, { ...block, code: here(block.code) }))
    .join('')
  setup.check?.(project, blocks, said)
}

/** True for commands and code; files are written, and exceptions have a reason. */
function isRun(page: string, { file, code }: Block): boolean {
  return file === undefined && !EXCEPTIONS.some(([where, piece]) => where === page && code.includes(piece))
}

/** Commands, commands with what they print (`$ npx …`), and pieces of code. */
function runBlock(project: Project, { language, line, code }: Block): string {
  if (language === 'sh') return run(project, code)
  if (language === 'js') {
    writeFileSync(join(project.cwd, `piece-${line}.js`), asProgram(code))
    return run(project, `node piece-${line}.js`)
  }
  assert.ok(OUTPUT.has(language), `nothing runs ${language}: give the file a name, or the block a reason`)
  const commands = [...code.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command)
  return commands.map((command) => run(project, `(${command}) 2>&1`)).join('')
}

/** Languages of what programs print. */
export const OUTPUT: ReadonlySet<string> = new Set(['', 'text'])

/** A piece of code with what it leaves out, and an app that starts and answers. */
function asProgram(code: string): string {
  const hasApp = /\bapp\./.test(code)
  const needsBuild = hasApp && !/\bregister\(|\bconst app\b/.test(code)
  const begin = needsBuild ? "await app.register((await import('fingerpost')).default)\n" : ''
  const start = `
    await app.ready()
    const { statusCode } = await app.inject('/')
    if (statusCode >= 500) throw new Error(statusCode)
    await app.close()`
  return `${preludeOf(code, PRELUDE)}${begin}${code}${hasApp ? start : ''}`
}

interface Manifest {
  readonly assets: Readonly<Record<string, { readonly file: string }>>
}

function manifestOf(cwd: string): Manifest {
  return JSON.parse(readFileSync(join(cwd, 'staticfiles/manifest.json'), 'utf8'))
}
