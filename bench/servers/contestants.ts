import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compiled } from '../setup/compile.ts'
import { SUITE } from '../setup/folders.ts'
import type { Product } from '../setup/product.ts'
import type { Runtime } from '../setup/runtimes.ts'
import { SYSTEM_PYTHON, type Tools } from '../setup/tools.ts'
import { nginxConfig } from './nginx-config.ts'
import { freePort, type ServerCommand } from './start.ts'

/** A server that takes part. */
export interface Contestant {
  readonly name: string
  readonly runtime: string
  /** Makes its configuration and says how to start it. */
  prepare(place: ServerPlace): Promise<ServerCommand>
}

/** What the contestants serve, and where they may leave files. */
export interface ServerPlace {
  readonly www: string
  readonly work: string
  readonly answers: string
}

/** A server in `bench/servers/`, run by a Node. `options` go to Node, for profiles. */
export function nodeContestant(
  name: string,
  file: string,
  runtime: Runtime,
  settings: { readonly product: Product; readonly mode?: string; readonly nodeOptions?: readonly string[] },
): Contestant {
  const { product, mode, nodeOptions = [] } = settings
  return {
    name,
    runtime: runtime.name,
    async prepare({ www, answers }) {
      const options = JSON.stringify({ www, dist: product.dist, answers })
      const script = compiled(`servers/${file}`)
      return {
        command: [runtime.path, ...nodeOptions, script, options, ...(mode === undefined ? [] : [mode])],
      }
    },
  }
}

/** nginx, if this machine has it. */
export function nginxContestant(tools: Tools): readonly Contestant[] {
  return nginxWith(tools, 'nginx', '')
}

/** nginx where the kernel sends the files and holds heads back for their bodies, which its defaults don't ask for. */
export function sendfileContestant(tools: Tools): readonly Contestant[] {
  return nginxWith(tools, 'nginx with sendfile', 'sendfile on; tcp_nopush on;')
}

function nginxWith(tools: Tools, name: string, directives: string): readonly Contestant[] {
  if (tools.versions.nginx === undefined) return []
  const prepare = async ({ www, work }: ServerPlace): Promise<ServerCommand> => {
    const port = await freePort()
    const place = join(work, name.replaceAll(' ', '-'))
    await mkdir(place, { recursive: true })
    const config = join(place, 'nginx.conf')
    const asRoot = process.getuid?.() === 0
    await writeFile(config, nginxConfig({ directives, www, work: place, port, asRoot }))
    return { command: ['nginx', '-p', place, '-c', config], port }
  }
  return [{ name, runtime: 'system', prepare }]
}

/** WhiteNoise under gunicorn with one worker that keeps connections alive, if this machine has them. */
export function whitenoiseContestant(tools: Tools): readonly Contestant[] {
  if (tools.versions.whitenoise === undefined) return []
  const prepare = async ({ www }: ServerPlace): Promise<ServerCommand> => {
    const port = await freePort()
    const worker = ['--workers', '1', '--worker-class', 'gthread', '--threads', '4', '--keep-alive', '75']
    const place = ['--bind', `127.0.0.1:${port}`, '--chdir', join(SUITE, 'servers')]
    const command = [SYSTEM_PYTHON, '-B', '-m', 'gunicorn', ...worker, ...place, '--log-level', 'error']
    return { command: [...command, 'whitenoise_app:application'], env: { BENCH_WWW: www }, port }
  }
  return [{ name: 'WhiteNoise', runtime: 'system', prepare }]
}
