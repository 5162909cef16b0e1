import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { takeLock } from './lock.ts'

const run = promisify(execFile)

/** A running S3 server: Ceph's RADOS Gateway over one monitor and one storage daemon that keeps objects in memory. */
export interface S3Server {
  /** `http://127.0.0.1:PORT`; buckets in the path. */
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Its configuration file, for radosgw-admin. */
  readonly config: string
  /** Ends the three processes and removes the folder. */
  stop(): Promise<void>
}

const CREDENTIALS = { accessKeyId: 'testkey', secretAccessKey: 'testsecret' }

/** The file in the folder of a test run that says where its server is. */
const SERVER_FILE = 's3-server.json'

/**
 * The S3 server of this test run: the first test file that asks starts it, all others share it, and test/run.mjs ends
 * it. Outside of a run, a server of its own.
 */
export async function startS3Server(): Promise<S3Server> {
  const run = process.env['FINGERPOST_TEST_RUN']
  if (run === undefined) return startOwnServer()
  const file = join(run, SERVER_FILE)
  const isFirst = takeLock(join(run, 's3-server.lock'))
  if (isFirst) writeWhole(file, await startShared(run))
  const shared = await untilReadable(file)
  if ('fault' in shared) throw new Error(shared.fault)
  return { ...shared, stop: async () => undefined }
}

type Shared = Omit<S3Server, 'stop'> | { readonly fault: string }

/** A start that fails is told to those who wait for it, too. */
async function startShared(run: string): Promise<Shared> {
  try {
    const { stop: _stop, ...shared } = await start(run, 'detached')
    return shared
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

async function startOwnServer(): Promise<S3Server> {
  const folder = mkdtempSync(join(tmpdir(), 'fingerpost-ceph-'))
  const server = await start(folder, 'attached')
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts the server on ports the system gives, with everything below one folder; takes about a second. */
async function start(folder: string, how: 'attached' | 'detached'): Promise<S3Server> {
  const children: ChildProcess[] = []
  const stop = async () => {
    for (const child of children) await end(child)
  }
  try {
    const port = await startDaemons(folder, children, how)
    const endpoint = `http://127.0.0.1:${port}`
    const config = join(folder, 'ceph.conf')
    return { endpoint, region: 'us-east-1', credentials: CREDENTIALS, config, stop }
  } catch (error) {
    const log = readLog(join(folder, 'log', 'rgw.out'))
    await stop()
    throw new Error(`The S3 server didn't start: ${error instanceof Error ? error.message : error}\n${log}`)
  }
}

async function startDaemons(
  folder: string,
  children: ChildProcess[],
  how: 'attached' | 'detached',
): Promise<number> {
  const [port, monitorPort] = await Promise.all([freePort(), freePort()])
  const fsid = randomUUID()
  const config = join(folder, 'ceph.conf')
  for (const name of ['mon', 'osd', 'log', 'run']) mkdirSync(join(folder, name))
  writeFileSync(config, configOf(folder, fsid, port, monitorPort))
  const daemon = (name: string, command: string, ...args: readonly string[]) => {
    const log = openSync(join(folder, 'log', `${name}.out`), 'w')
    const detached = how === 'detached'
    const child = spawn(command, [...args, '-f', '-c', config], { stdio: ['ignore', log, log], detached })
    closeSync(log)
    children.push(child)
    // What test/run.mjs ends.
    if (child.pid !== undefined) writeFileSync(join(folder, `${name}.pid`), String(child.pid))
    if (detached) child.unref()
  }
  const ceph = (...args: readonly string[]) =>
    insist(() => run('ceph', ['-c', config, '--connect-timeout', '20', ...args]))

  const monitor = `v1:127.0.0.1:${monitorPort}`
  const map = join(folder, 'monmap')
  await run('monmaptool', ['--create', '--clobber', '--addv', 'a', monitor, '--fsid', fsid, map])
  await run('ceph-mon', ['--mkfs', '-i', 'a', '-c', config, '--monmap', map])
  daemon('mon', 'ceph-mon', '-i', 'a', '--public-addr', monitor)
  const uuid = randomUUID()
  await ceph('osd', 'new', uuid, '0')
  // It prepares its folder and then complains that there is no journal to close.
  await run('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', uuid, '-c', config]).catch(() => undefined)
  await ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'root=default', 'host=localhost')
  daemon('osd', 'ceph-osd', '-i', '0')
  daemon('rgw', 'radosgw', '-n', 'client.rgw')
  await untilListening(`http://127.0.0.1:${port}/`)
  const keys = [`--access-key=${CREDENTIALS.accessKeyId}`, `--secret-key=${CREDENTIALS.secretAccessKey}`]
  const user = ['user', 'create', '--uid=test', '--display-name=test', ...keys]
  await insist(() => run('radosgw-admin', ['-c', config, '-n', 'client.rgw', ...user]))
  return port
}

/** On a busy machine the monitor refuses commands until it has found its feet. All of them may be said twice. */
async function insist<T>(command: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await command()
    } catch (error) {
      if (attempt === 20) throw error
      await sleep(100 * attempt)
    }
  }
}

/** Readers see nothing or all of it. */
function writeWhole(file: string, shared: Shared): void {
  writeFileSync(`${file}.new`, JSON.stringify(shared))
  renameSync(`${file}.new`, file)
}

async function untilReadable(file: string): Promise<Shared> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const text = readLog(file)
    if (text !== '') return JSON.parse(text) as Shared
    await sleep(50)
  }
  throw new Error('Another test file began to start the S3 server and has not finished after 60 s.')
}

function configOf(folder: string, fsid: string, port: number, monitorPort: number): string {
  return `[global]
fsid = ${fsid}
mon_initial_members = a
mon_host = v1:127.0.0.1:${monitorPort}
ms_bind_msgr2 = false
public_network = 127.0.0.0/8
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_supported = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
run_dir = ${folder}/run
admin_socket = ${folder}/run/$name.$pid.asok
log_file = ${folder}/log/$name.log
debug_ms = 0
monmap = ${folder}/monmap
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_election_timeout = 1
[mon.a]
mon_data = ${folder}/mon
[osd]
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_data = ${folder}/osd
osd_crush_update_on_start = false
osd_class_update_on_start = false
osd_memory_target = 939524096
osd_op_num_shards = 1
osd_op_num_threads_per_shard = 2
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${port}
rgw_dns_name = s3.localhost
rgw_enable_usage_log = false
rgw_enable_ops_log = false
rgw_thread_pool_size = 64
rgw_enable_gc_threads = false
rgw_enable_lc_threads = false
rgw_run_sync_thread = false
rgw_rados_pool_pg_num_min = 1
`
}

/** A port nobody listens on now. Ceph wants to be told its ports before it starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}

async function untilListening(url: string): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer !== undefined) return
    await sleep(50)
  }
  throw new Error(`Nothing answers at ${url} after 60 s.`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

function readLog(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-2000)
  } catch {
    return ''
  }
}
