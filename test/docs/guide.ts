import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { freePort, type S3Server } from '../support/ceph.ts'
import { REPOSITORY } from '../support/cli.ts'
import { cleanEnvironment } from '../support/environment.mjs'
import { unpackPackage } from '../support/package.ts'
import { clientFor } from '../support/s3.ts'
import { makeTree, type Tree } from '../support/tree.ts'

/** A page that is followed to the letter: its files, then its commands. */
export interface Guide {
  /** Files by name: blocks below a line that has nothing but the name and a colon. */
  readonly files: Readonly<Record<string, string>>
  /** Commands of every block of shell, in order. */
  readonly scripts: readonly string[]
}

export function readGuide(page: string): Guide {
  const blocks = blocksOf(`docs/${page}`)
  const files = blocks.flatMap(({ file, code }) => (file === undefined ? [] : [[file, code] as const]))
  assert.equal(new Set(files.map(([name]) => name)).size, files.length, `${page} has a file twice`)
  return {
    files: Object.fromEntries(files),
    scripts: blocks.flatMap(({ file, language, code }) =>
      file === undefined && language === 'sh' ? [code] : [],
    ),
  }
}

/** A block of code of a page. */
export interface Block {
  /** The number of its first line. */
  readonly line: number
  /** The file that it is, if the line above has nothing but its name and a colon. */
  readonly file: string | undefined
  /** Empty for what programs print. */
  readonly language: string
  readonly code: string
}

/** The blocks of a page of the repository, in order. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  const found = text.matchAll(/(?:^`([\w./-]+)`:\n\n)?^( *)```(\w*).*\n([\s\S]*?)^\2```$/gm)
  return [...found].map(({ 0: all, 1: file, 3: language = '', 4: code = '', index }) => ({
    line: text.slice(0, index + all.indexOf('```')).split('\n').length,
    file,
    language,
    code,
  }))
}

/** A folder in which a guide is followed, with the programs that stand in for others. */
export interface Project {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * A project with the files of a guide. `npm install` and `npm ci` don't ask the registry: they install the packed
 * package, and every package of this repository is at hand.
 *
 * @param programs further programs to put before those of the system, by name
 */
export function makeProject(
  context: TestContext,
  files: Tree,
  programs: Readonly<Record<string, string>> = {},
): Project {
  const cwd = makeTree(context, { 'package.json': '{ "type": "module" }', ...files })
  const bin = makeTree(context, { npm: NPM, ...programs })
  for (const name of ['npm', ...Object.keys(programs)]) chmodSync(join(bin, name), 0o755)
  const path = [bin, join(process.execPath, '..'), process.env['PATH']].join(':')
  const project = { cwd, env: { ...cleanEnvironment(), PATH: path, REPOSITORY, PACKAGE: unpackPackage() } }
  if (!existsSync(join(cwd, 'node_modules'))) run(project, 'npm install')
  return project
}

/** Installs a copy of the package, and links to others; whatever else npm is asked, npm does. */
const NPM = `#!/usr/bin/env node
const { execFileSync } = require('node:child_process')
const { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } = require('node:fs')
const { dirname, join, resolve } = require('node:path')
const { REPOSITORY, PACKAGE, PATH } = process.env
const words = process.argv.slice(2)
if (!/^(ci|install|i)$/.test(words[0])) {
  const env = { ...process.env, PATH: PATH.slice(PATH.indexOf(':') + 1) }
  try {
    execFileSync('npm', words, { env, stdio: 'inherit' })
  } catch (error) {
    process.exit(error.status)
  }
  process.exit(0)
}
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/.bin', { recursive: true })
const link = (to, name) => {
  mkdirSync(dirname(join('node_modules', name)), { recursive: true })
  symlinkSync(to, join('node_modules', name))
}
for (const name of readdirSync(join(REPOSITORY, 'node_modules')).filter((each) => !each.startsWith('.')))
  link(join(REPOSITORY, 'node_modules', name), name)
for (const name of readdirSync(join(REPOSITORY, 'node_modules/.bin'))) link(join(REPOSITORY, 'node_modules/.bin', name), '.bin/' + name)
cpSync(PACKAGE, 'node_modules/fingerpost', { recursive: true })
link('../fingerpost/dist/cli.cjs', '.bin/fingerpost')
const { workspaces = [] } = JSON.parse(readFileSync('package.json', 'utf8'))
for (const folder of workspaces.flatMap((glob) => readdirSync(dirname(glob)).map((name) => join(dirname(glob), name))))
  link(resolve(folder), JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name)
`

/** Runs commands to their end, as a CI system does: the first that fails ends them. Returns what they print. */
export function run({ cwd, env }: Project, script: string): string {
  return execFileSync('bash', ['-e', '-c', script], { cwd, env, encoding: 'utf8', stdio: 'pipe' })
}

/**
 * Follows the scripts of a guide. The last line `node FILE` starts its server, on a port that the system gives.
 *
 * @returns the address of the server
 */
export async function follow(
  context: TestContext,
  project: Project,
  scripts: readonly string[],
): Promise<string> {
  let origin: string | undefined
  for (const script of scripts) {
    const [last = '', program] = /(?<=^|\n)node ([\w./-]+\.js)\n$/.exec(script) ?? []
    const commands = script.slice(0, script.length - last.length)
    if (commands.trim() !== '') run(project, commands)
    if (program !== undefined) origin = await startServer(context, project, last)
  }
  return origin ?? assert.fail('the guide starts no server')
}

/**
 * Runs commands until the test ends. The last one starts a server on port 3000: it gets another port, and keeps it when
 * it is started again.
 *
 * @returns the address of the server
 */
export async function startServer(
  context: TestContext,
  { cwd, env }: Project,
  commands: string,
): Promise<string> {
  const server = spawn('bash', ['-e', '-c', commands], {
    cwd,
    env: { ...env, NODE_OPTIONS: `--import=${otherPort(await freePort())}` },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  context.after(async () => {
    if (server.exitCode !== null || server.pid === undefined) return
    process.kill(-server.pid)
    await once(server, 'exit')
  })
  return firstLine(server)
}

/** A module that sends `listen` of port 3000 to another port, and prints the address. */
function otherPort(port: number): string {
  return `data:text/javascript,${encodeURIComponent(`
    import { Server } from 'node:net'
    const { listen } = Server.prototype
    Server.prototype.listen = function (options, ...rest) {
      if (options.port !== 3000) return listen.call(this, options, ...rest)
      this.once('listening', () => console.log('http://127.0.0.1:${port}'))
      return listen.call(this, { ...options, host: '127.0.0.1', port: ${port} }, ...rest)
    }
  `)}`
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  for await (const line of stdout === null ? [] : createInterface(stdout))
    if (line.startsWith('http://')) return line
  throw new Error('the program ended before it listened')
}

/** An empty bucket `my-bucket`, which the pages publish to, and the environment that leads there. */
export async function bucketEnvironment(server: S3Server): Promise<NodeJS.ProcessEnv> {
  await clientFor(server).send(new CreateBucketCommand({ Bucket: 'my-bucket' }))
  const { accessKeyId, secretAccessKey } = server.credentials
  return {
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_REGION: server.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
}
