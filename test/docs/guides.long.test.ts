import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { PutBucketCorsCommand } from '@aws-sdk/client-s3'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import type { S3Server } from '../support/ceph.ts'
import { clientFor, createS3Lab } from '../support/s3.ts'
import { bucketEnvironment, follow, makeProject, type Project, readGuide, run, startServer } from './guide.ts'

const lab = createS3Lab()

const HASHED = /"(\/[\w/.-]+\.[0-9a-f]{16}\.\w+)"/g
const ASSETS = { 'assets/css/site.css': 'body { color: red }' }

test('the guide to TypeScript compiles, and a wrong name does not', async (context) => {
  const { files, scripts } = readGuide('guides/typescript.md')
  const project = makeProject(context, files)
  const origin = await follow(context, project, scripts)
  assert.match(await read(origin), /href="\/static\/css\/site\.[0-9a-f]{16}\.css"/)
  const server = join(project.cwd, 'src/server.ts')
  writeFileSync(server, readFileSync(server, 'utf8').replace('css/site.css', 'css/sit.css'))
  assert.throws(() => run(project, 'npx tsc >&2'), /css\/sit\.css/)
})

test('the guide to single-page apps answers every address with the page, and nothing else with it', async (context) => {
  const { files, scripts } = readGuide('guides/single-page-apps.md')
  const origin = await follow(context, makeProject(context, files), scripts)
  const accept = { accept: 'text/html' }
  for (const path of ['/', '/orders/7']) {
    const answer = await fetch(origin + path, { headers: accept })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('cache-control'), 'no-cache')
    const urls = [...(await answer.text()).matchAll(HASHED)].map(([, url]) => url)
    assert.equal(urls.length, 2, 'the stylesheet and the module')
    for (const url of urls) assert.equal((await fetch(origin + url)).status, 200)
  }
  assert.equal((await fetch(`${origin}/js/gone.0123456789abcdef.js`)).status, 404)
  assert.deepEqual(await (await fetch(`${origin}/api/orders`)).json(), [{ id: 7 }])
})

test('the guide for Express serves the folder under old and new names', async (context) => {
  const { files, scripts } = readGuide('coming-from-express.md')
  const origin = await follow(context, makeProject(context, files), scripts)
  const [[, url] = []] = (await read(`${origin}/about/`)).matchAll(/href="([^"]+)"/g)
  assert.match(url ?? '', /^\/css\/site\.[0-9a-f]{16}\.css$/)
  assert.equal((await fetch(`${origin}/css/site.css`)).headers.get('cache-control'), 'no-cache')
  assert.match(await read(origin), /About/)
})

test('the guide to monorepos builds an app with the assets of a shared package', (context) => {
  const { files, scripts } = readGuide('guides/monorepos.md')
  const project = makeProject(context, files)
  for (const script of scripts) run(project, script)
  const { assets } = JSON.parse(
    readFileSync(join(project.cwd, 'apps/shop/staticfiles/manifest.json'), 'utf8'),
  )
  assert.deepEqual(Object.keys(assets), ['css/shop.css', 'ui/css/base.css', 'ui/img/paper.svg'])
  assert.ok(existsSync(join(project.cwd, '.cache/fingerpost')), 'the cache is shared')
})

interface Step {
  readonly run?: string
  readonly with?: Readonly<Record<string, string>>
}

test('the jobs of the guide to CI build, and carry the cache and the last build to the next run', (context) => {
  const { files } = readGuide('guides/ci.md')
  const github = parseYaml(files['.github/workflows/build.yml'] ?? '')
  const gitlab = parseYaml(files['.gitlab-ci.yml'] ?? '')
  const carried: string = github.jobs.build.steps.find(
    ({ with: options }: Step) => options?.['restore-keys'] !== undefined,
  ).with.path
  assert.deepEqual(gitlab.build.cache.paths, [`${carried}/`])
  const systems: Record<string, readonly string[]> = {
    GitHub: github.jobs.build.steps.flatMap(({ run }: Step) => run ?? []),
    GitLab: gitlab.build.script,
  }
  const config = { 'fingerpost.config.js': files['fingerpost.config.js'] ?? '', 'package-lock.json': '{}' }
  for (const [system, commands] of Object.entries(systems)) {
    assert.ok(commands.length > 3, system)
    const first = makeProject(context, { ...ASSETS, ...config })
    for (const command of commands) run(withSummary(first), command)
    const second = makeProject(context, { 'assets/css/site.css': 'body { color: blue }', ...config })
    run(second, `cp -r ${join(first.cwd, carried)} ${carried}`)
    for (const command of commands) run(withSummary(second), command)
    const built = readdirSync(join(second.cwd, 'staticfiles/css')).filter((name) => name.endsWith('.css'))
    assert.equal(built.length, 2, `${system}: the stylesheet of the last build is kept`)
  }
})

function withSummary(project: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
  return { ...project, env: { ...project.env, GITHUB_STEP_SUMMARY: join(project.cwd, 'summary.md') } }
}

interface Fly {
  readonly env: { readonly PORT: string }
  readonly http_service: {
    readonly internal_port: number
    readonly checks: readonly { readonly path: string }[]
  }
}

test('the files for Fly and Render say what the program of the page listens on', () => {
  const { files } = readGuide('guides/containers.md')
  const fly = parseToml(files['fly.toml'] ?? '') as unknown as Fly
  const [render] = parseYaml(files['render.yaml'] ?? '').services
  assert.equal(fly.env.PORT, String(fly.http_service.internal_port))
  assert.equal(fly.http_service.checks[0]?.path, '/health')
  assert.equal(render.healthCheckPath, '/health')
  assert.equal(render.envVars[0].value, 3000)
})

test('the guide to Cloudflare switches passthrough on, builds, and publishes to R2', async (context) => {
  const { files, scripts } = readGuide('guides/cloudflare.md')
  const [passthrough = '', build = '', r2 = ''] = scripts
  const echo = '#!/bin/sh\nprintf "%s\\n" "$@"\n'
  const project = makeProject(context, { ...ASSETS, ...files }, { curl: echo })
  const words = run(project, `ZONE_ID=z CLOUDFLARE_API_TOKEN=t; ${passthrough}`).trim().split('\n')
  assert.equal(words[0], 'https://api.cloudflare.com/client/v4/zones/z/settings/shared_dictionary_mode')
  assert.deepEqual(JSON.parse(words.at(-1) ?? ''), { value: 'passthrough' })
  run(project, build)
  const origin = await startServer(context, project, 'node app.js')
  const { assets } = JSON.parse(readFileSync(join(project.cwd, 'staticfiles/manifest.json'), 'utf8'))
  const answer = await fetch(`${origin}/static/${assets['css/site.css'].file}`)
  assert.match(answer.headers.get('cache-control') ?? '', /immutable, no-transform$/)
  const server = await lab.server(context)
  if (server === undefined) return
  // The printed address is that of a real account.
  const local = r2.replace('https://$ACCOUNT_ID.r2.cloudflarestorage.com', server.endpoint)
  await publishTo(server, project, local)
})

test('the guide to CloudFront publishes to a bucket, whose rule lets pages of other origins in', async (context) => {
  const server = await lab.server(context)
  if (server === undefined) return
  const { files, scripts } = readGuide('guides/cloudfront.md')
  const [publish = '', cors = ''] = scripts
  assert.match(
    cors,
    /^aws s3api put-bucket-cors --bucket my-bucket --cors-configuration file:\/\/cors\.json\n$/,
  )
  const project = makeProject(context, { ...ASSETS, ...files })
  await publishTo(server, project, publish)
  const CORSConfiguration = JSON.parse(files['cors.json'] ?? '')
  await clientFor(server).send(new PutBucketCorsCommand({ Bucket: 'my-bucket', CORSConfiguration }))
  const answer = await fetch(`${server.endpoint}/my-bucket/static/manifest.json`, {
    headers: { origin: 'https://example.com' },
  })
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
})

test('the program of the guide to CloudFront needs nothing but the manifest of the bucket', async (context) => {
  const { files, scripts } = readGuide('guides/cloudfront.md')
  const project = makeProject(context, { ...ASSETS, ...files })
  run(project, scripts[0]?.split('\n')[0] ?? '')
  const manifest = readFileSync(join(project.cwd, 'staticfiles/manifest.json'))
  const bucket = createServer((_request, response) => response.end(manifest)).listen(0, '127.0.0.1')
  context.after(() => bucket.close())
  await once(bucket, 'listening')
  const { port } = bucket.address() as AddressInfo
  // The printed address is not there.
  const program = (files['app.js'] ?? '').replace('https://cdn.example.com', `http://127.0.0.1:${port}`)
  writeFileSync(join(project.cwd, 'app.js'), program)
  rmSync(join(project.cwd, 'staticfiles'), { recursive: true })
  const page = await read(await startServer(context, project, 'node app.js'))
  assert.match(page, /href="https:\/\/cdn\.example\.com\/static\/css\/site\.[0-9a-f]{16}\.css"/)
})

/** Runs the commands of a guide that publish to `my-bucket`. */
async function publishTo(server: S3Server, project: Project, script: string): Promise<void> {
  const env = { ...project.env, ...(await bucketEnvironment(server)) }
  assert.match(run({ ...project, env }, `(${script}) 2>&1`), /uploaded/)
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url)
  assert.equal(answer.status, 200, url)
  return answer.text()
}
