import { execFile, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { makeTree } from './tree.ts'

/** A whole nginx.conf with its files in a temporary folder instead of the system's. Gives the file's path. */
export function writeNginxConfig(context: TestContext, config: string): string {
  const folder = makeTree(context)
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const main = `${user}pid ${folder}/nginx.pid;\nerror_log ${folder}/error.log warn;\n`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};\n`)
    .join('')
  const path = join(folder, 'nginx.conf')
  const inTest = config
    .replace('http {\n', `http {\naccess_log off;\n${temporary}`)
    // A port that only root may listen on.
    .replace('listen 80;', `listen unix:${folder}/nginx.sock;`)
  writeFileSync(path, main + inTest)
  return path
}

/** What `nginx -t` says: its whole output. Rejects where it finds a fault. */
export async function testNginxConfig(path: string): Promise<string> {
  return (await promisify(execFile)('nginx', ['-t', '-e', 'stderr', '-c', path])).stderr
}

/** Runs nginx until the test ends. */
export async function startNginx(context: TestContext, path: string, port: number): Promise<void> {
  const child = spawn('nginx', ['-c', path, '-e', 'stderr', '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  context.after(async () => {
    child.kill('SIGTERM')
    await ended
  })
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with code ${child.exitCode}.`)
    if (await isOpen(port)) return
    await sleep(20)
  }
  throw new Error('nginx does not listen after four seconds.')
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => undefined)
    socket.once('connect', () => socket.destroy())
  })
}
