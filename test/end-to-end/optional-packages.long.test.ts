import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'

const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
}

/** Runs a program beside the compiled package where only its dependencies and these peers are installed. */
async function runWithPeers(
  context: TestContext,
  peers: readonly string[],
  program: string,
): Promise<readonly string[]> {
  const folder = makeTree(context, { 'package.json': '{ "type": "module" }', 'app.js': program })
  cpSync(join(REPOSITORY, 'dist'), join(folder, 'dist'), { recursive: true })
  for (const name of [...Object.keys(dependencies), ...peers]) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules', name), place)
  }
  const { code, stdout, stderr } = await runNode(['app.js'], { cwd: folder })
  assert.equal(code, 0, stderr)
  return stdout.trim().split('\n')
}

const STORAGE = `
  import { createS3Storage } from './dist/s3.js'
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const storage = createS3Storage({ bucket: 'my-bucket', region: 'eu-central-1', credentials })
  const tell = (use) => use().then(() => console.log('done'), (error) => console.log(error.code, error.message.replace('\\n', ' ')))
`

test('without the AWS SDK a bucket makes its public addresses, and says what everything else needs', async (context) => {
  const [url, ...lines] = await runWithPeers(
    context,
    [],
    `${STORAGE}
    console.log(storage.url('a.txt'))
    await tell(() => storage.stat('a'))
    await tell(() => storage.save('a', Buffer.from('a')))
    await tell(() => storage.signedUrl('a'))`,
  )
  assert.equal(url, 'https://my-bucket.s3.eu-central-1.amazonaws.com/a.txt')
  assert.equal(lines.length, 3)
  for (const line of lines)
    assert.match(
      line,
      /^FP_CONFIG S3 needs the package @aws-sdk\/client-s3.* npm install @aws-sdk\/client-s3$/,
    )
})

test('the packages that sign are needed by who signs, one by one', async (context) => {
  const program = `${STORAGE}
    await tell(() => storage.signedUrl('a'))
    await tell(() => storage.presignedPost('a', { maxBytes: 1, contentType: 'text/plain' }))`
  const [url, post] = await runWithPeers(context, ['@aws-sdk/client-s3'], program)
  assert.match(url ?? '', /^FP_CONFIG .* npm install @aws-sdk\/s3-request-presigner$/)
  assert.match(post ?? '', /^FP_CONFIG .* npm install @aws-sdk\/s3-presigned-post$/)
  const both = ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner', '@aws-sdk/s3-presigned-post']
  assert.deepEqual(await runWithPeers(context, both, program), ['done', 'done'])
})

test('a file that goes up in parts needs a package more, and says so before it takes a name', async (context) => {
  const program = `${STORAGE}
    await tell(() => storage.save('a', Buffer.alloc(9 * 1024 * 1024)))`
  const [line] = await runWithPeers(context, ['@aws-sdk/client-s3'], program)
  assert.match(line ?? '', /^FP_CONFIG .* npm install @aws-sdk\/lib-storage$/)
})

test('without @fastify/multipart media are served and signed, and a form says what it needs', async (context) => {
  const lines = await runWithPeers(
    context,
    ['fastify'],
    `import Fastify from 'fastify'
    import media, { createMemoryStorage } from './dist/media.js'
    const app = Fastify()
    const storage = createMemoryStorage()
    await storage.save('a.txt', Buffer.from('served'))
    await app.register(media, { storage })
    app.post('/form', (request) => request.saveUploads({ files: {} }))
    console.log((await app.inject('/media/a.txt')).body)
    const headers = { 'content-type': 'application/json' }
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/form', payload: '{}', headers })
    console.log(statusCode, JSON.parse(body).message.replace('\\n', ' '))`,
  )
  assert.equal(lines[0], 'served')
  assert.match(lines[1] ?? '', /^500 .*npm install @fastify\/multipart$/)
})

test('without Vite live mode says what its option needs, and works with the address of a server', async (context) => {
  const lines = await runWithPeers(
    context,
    ['fastify'],
    `
    import Fastify from 'fastify'
    import fingerpost from './dist/index.js'
    const start = (vite) => Fastify().register(fingerpost, { live: { vite }, sources: ['dist'] })
      .then(() => console.log('done'), (error) => console.log(error.code, error.message.replace('\\n', ' ')))
    await start(true)
    await start('http://127.0.0.1:1/')`,
  )
  assert.match(lines[0] ?? '', /^FP_CONFIG .*npm install --save-dev vite/)
  assert.equal(lines[1], 'done')
})

test('without enhanced-resolve a build says that npm packages need it, and no other does', async (context) => {
  const [plain, packages] = await runWithPeers(
    context,
    [],
    `import { mkdirSync, writeFileSync } from 'node:fs'
    import { build } from './dist/build.js'
    mkdirSync('src')
    writeFileSync('src/a.js', 'import "three"')
    const tell = (importMap) => build({ sources: ['src'], importMap }).then(({ kind }) => console.log(kind), (error) => console.log(error.code, error.message.replace('\\n', ' ')))
    await tell({})
    await tell({ packages: 'auto' })`,
  )
  assert.equal(plain, 'built')
  assert.match(
    packages ?? '',
    /^FP_CONFIG importMap\.packages needs the package enhanced-resolve\. +Install it: npm install --save-dev enhanced-resolve$/,
  )
})
