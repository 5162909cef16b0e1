import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { unpackPackage } from '../support/package.ts'
import { makeTree } from '../support/tree.ts'

const PAGE = readFileSync(join(REPOSITORY, 'docs/guides/containers.md'), 'utf8')

/** The file of this name on the page. */
function blockOf(file: string): string {
  const start = PAGE.indexOf(`\`${file}\`:\n\n\`\`\``)
  return /```\w+\n([\s\S]*?)```/.exec(PAGE.slice(start))?.[1] ?? assert.fail(`the page has no ${file}`)
}

/** The project the page speaks of. */
const PROJECT = {
  'package.json': '{ "type": "module" }',
  'package-lock.json': '{}',
  'fingerpost.config.js': "export default { sources: ['assets'] }",
  'assets/site.css': 'body { background: url(dot.svg) }',
  'assets/dot.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'views/index.njk': "<link rel=stylesheet href={{ static('site.css') }}>",
  // On this machine it must not be open to others.
  'src/server.js': blockOf('src/server.js').replace("'0.0.0.0'", "'127.0.0.1'"),
}

/** What stands in for the registry: every package of this repository is at hand, as if it had been fetched. */
const NPM = `#!/bin/sh
[ "$1" = ci ] || exit 1
mkdir -p node_modules/.bin
for name in $(ls "${REPOSITORY}/node_modules"); do ln -s "${REPOSITORY}/node_modules/$name" node_modules/; done
cp -r "${unpackPackage()}" node_modules/fingerpost
ln -s ../fingerpost/dist/cli.cjs node_modules/.bin/fingerpost
`

/** A stage as far as it has been built. */
interface Stage {
  /** Stands for / of the image. */
  readonly root: string
  workdir: string
  readonly env: Record<string, string>
  user: string | undefined
  command: readonly string[]
}

/** Does what each line says in a folder instead of an image; gives the last stage. */
function followDockerfile(context: TestContext, text: string, project: string, path: string): Stage {
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [instruction = '', ...words] = line.split(' ')
    if (instruction === 'FROM') {
      assert.match(words[0] ?? '', /^node:\d+(?:-slim)?$/)
      stage = { root: makeTree(context), workdir: '/', env: { PATH: path }, user: undefined, command: [] }
      chmodSync(stage.root, 0o755)
      stages.set(words[2] ?? 'last', stage)
      continue
    }
    assert.ok(stage !== undefined, 'FROM comes first')
    follow(instruction, words, stage, { project, stages })
  }
  return stage ?? assert.fail('there is no stage')
}

function follow(
  instruction: string,
  words: readonly string[],
  stage: Stage,
  { project, stages }: { readonly project: string; readonly stages: ReadonlyMap<string, Stage> },
): void {
  const cwd = join(stage.root, stage.workdir)
  switch (instruction) {
    case 'WORKDIR':
      stage.workdir = words[0] ?? ''
      mkdirSync(join(stage.root, stage.workdir), { recursive: true })
      return
    case 'ENV':
      for (const [name = '', value = ''] of words.map((word) => word.split('='))) stage.env[name] = value
      return
    case 'COPY':
      copy(words, cwd, project, stages)
      return
    case 'RUN':
      execFileSync('sh', ['-c', words.join(' ')], { cwd, env: stage.env, stdio: 'pipe', timeout: 60_000 })
      return
    case 'USER':
      stage.user = words[0]
      return
    case 'CMD':
      stage.command = JSON.parse(words.join(' '))
      return
    default:
      assert.fail(`${instruction} isn't known here`)
  }
}

function copy(
  words: readonly string[],
  cwd: string,
  project: string,
  stages: ReadonlyMap<string, Stage>,
): void {
  const from = /^--from=(.+)$/.exec(words[0] ?? '')?.[1]
  const root = from === undefined ? project : (stages.get(from)?.root ?? assert.fail(`no stage ${from}`))
  const [to = '', ...sources] = [...words.slice(from === undefined ? 0 : 1)].reverse()
  for (const source of sources) {
    const found = source.includes('*') ? matching(root, source) : [source]
    assert.ok(found.length > 0, `nothing is called ${source}`)
    // A file goes into a folder; of a folder, what is in it does.
    for (const name of found) {
      const target = to.endsWith('/') && name !== '.' ? join(to, basename(name)) : to
      cpSync(join(root, name), join(cwd, target), { recursive: true })
    }
  }
}

function matching(root: string, pattern: string): readonly string[] {
  const [before = '', after = ''] = pattern.split('*')
  return readdirSync(root).filter((name) => name.startsWith(before) && name.endsWith(after))
}

test('the Dockerfile of the page builds an image whose server serves the build', async (context) => {
  const bin = makeTree(context, { npm: NPM })
  chmodSync(join(bin, 'npm'), 0o755)
  const path = [bin, join(process.execPath, '..'), process.env['PATH']].join(':')
  const { root, workdir, env, user, command } = followDockerfile(
    context,
    blockOf('Dockerfile'),
    makeTree(context, PROJECT),
    path,
  )
  assert.equal(user, 'node')
  assert.deepEqual(readdirSync(join(root, workdir)).sort(), [
    'node_modules',
    'package-lock.json',
    'package.json',
    'src',
    'staticfiles',
    'views',
  ])
  const [program = '', ...words] = command
  const server = spawn(program, words, {
    cwd: join(root, workdir),
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(async () => {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
  })
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  const [origin = ''] = /http:\/\/[\d.:]+/.exec(line) ?? []
  const page = await (await fetch(origin)).text()
  const [url = ''] = /\/static\/site\.[0-9a-f]{16}\.css/.exec(page) ?? []
  const css = await fetch(origin + url)
  assert.match(await css.text(), /^body \{ background: url\(dot\.[0-9a-f]{16}\.svg\) \}$/)
  assert.match(css.headers.get('cache-control') ?? '', /immutable/)
  const health = (await (await fetch(`${origin}/health`)).json()) as { build: string }
  assert.match(health.build, /^[0-9a-f]+$/)
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  assert.equal(code, 0, 'SIGTERM ends it in good order')
})
