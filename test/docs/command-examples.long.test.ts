import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { clientFor, createS3Lab } from '../support/s3.ts'
import { writeTree } from '../support/tree.ts'
import { blocksOf, bucketEnvironment, makeProject, type Project, run } from './guide.ts'

const lab = createS3Lab()
const EXAMPLES = blocksOf('docs/commands.md').flatMap(({ code }) => {
  const [, examples = ''] = code.split('\nExamples:\n')
  return [...examples.matchAll(/^ {2}(.+)$/gm)].map(([, line = '']) => line)
})

const PROJECT = {
  'assets/css/site.css': 'body { background: url("../img/logo.svg") }',
  'assets/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'theme/css/site.css': 'body { margin: 0 }',
  'views/index.html': '<link rel="stylesheet" href="{{ static(\'css/site.css\') }}">',
  'src/app.ts': '',
  'media/ann.png': '',
  'names.txt': 'ann.png\n',
}

/** What this machine lacks, and what stands in for it. Ports are those the system gives. */
const STAND_INS = [
  ['/etc/nginx/conf.d/', ''],
  ['/srv/media', 'media'],
  ['--port 3000', '--port 0'],
  ['serve --root public', 'serve --root public --port 0'],
] as const

test('every example of the command line runs as it is printed', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  assert.ok(EXAMPLES.length > 25, `${EXAMPLES.length} examples`)
  const quiet = '#!/bin/sh\n'
  const made = makeProject(context, PROJECT, { 'xdg-open': quiet, nginx: quiet })
  writeTree(made.cwd, {
    'node_modules/icons': { 'package.json': '{ "name": "icons" }', 'dist/up.svg': '<svg/>' },
  })
  const path = `${join(made.cwd, 'node_modules/.bin')}:${made.env['PATH']}`
  const project = { ...made, env: { ...made.env, ...(await bucketEnvironment(server)), PATH: path } }
  await clientFor(server).send(
    new PutObjectCommand({ Bucket: 'my-bucket', Key: 'media/ann.png', Body: Buffer.alloc(0) }),
  )
  run(project, 'fingerpost build assets; fingerpost pack last-build.tar')
  const { assets } = JSON.parse(readFileSync(join(made.cwd, 'staticfiles/manifest.json'), 'utf8'))
  const here = (line: string) =>
    [...STAND_INS, ['css/site.3f9a1c0b2d4e5f60.css', assets['css/site.css'].file] as const].reduce(
      (all, [from, to]) => all.replace(from, to),
      line,
    )
  for (const example of EXAMPLES) {
    await context.test(example, async () => {
      if (/ serve | --watch/.test(example)) await runUntilReady(project, here(example))
      else run(project, here(example))
    })
  }
})

/** Starts a command that runs until it is told to end, and tells it to when it says that it is ready. */
async function runUntilReady({ cwd, env }: Project, command: string): Promise<void> {
  const child = spawn('bash', ['-c', `exec ${command} 2>&1`], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += text
    if (/http:\/\/127|Ctrl\+C/.test(said)) child.kill('SIGTERM')
  }
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 0, said)
}
