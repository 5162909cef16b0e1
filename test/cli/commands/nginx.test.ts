import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkNginxConfig } from '../../../src/deploy/nginx/check.ts'
import { readNginxFiles } from '../../../src/deploy/nginx/include.ts'
import { makeBuild, writeBuild } from '../../support/fixture-build.ts'
import { testNginxConfig, writeNginxConfig } from '../../support/nginx.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const FILES = { 'css/site.css': 'a{}' }

for (const args of [
  [],
  ['--media', 'media'],
  ['--media', 'media', '--media-private', '--upload-limit', '200'],
  ['--media', 'https://s3.example.com'],
  ['--app', 'none'],
  ['--app', 'none', '--media', 'media'],
  ['--server-name', 'example.com www.example.com', '--listen', '8080'],
]) {
  test(`fingerpost nginx ${args.join(' ')} prints what nginx -t and our own check find right`, async (context) => {
    if (!hasTool(context, 'nginx')) return
    const folder = makeTree(context)
    const root = join(folder, 'out')
    await writeBuild(root, FILES)
    const { code, stdout, stderr } = await runIn(folder, 'nginx', '--out', 'out', '--whole', ...args)
    assert.equal(code, 0, stderr)
    // A host that only exists in the example must not be looked up.
    const config = stdout.replaceAll('s3.example.com', '127.0.0.1')
    assert.match(await testNginxConfig(writeNginxConfig(context, config)), /successful/)
    const limit = args.includes('200') ? 200 : 50
    const maxRequestBytes = args.includes('--media') ? limit * 1024 * 1024 : undefined
    const media = args.includes('media') ? join(folder, 'media') : undefined
    const expected = {
      ...{ build: root, media, internal: ['/internal-media/'], maxRequestBytes, isProject: () => false },
      privateFolders: args.includes('--media-private') ? [join(folder, 'media')] : [],
    }
    const files = readNginxFiles(stdout, 'site.conf', () => undefined)
    assert.deepEqual(checkNginxConfig(files, expected), { findings: [], notChecked: [] })
  })
}

test('fingerpost nginx says what is missing', async (context) => {
  const folder = makeTree(context)
  const none = await runIn(folder, 'nginx')
  assert.equal(none.code, 1)
  assert.match(none.stderr, /staticfiles\/ holds no build\. Run: fingerpost build\n/)
  const root = await makeBuild(context, FILES)
  for (const args of [
    ['--app', 'localhost'],
    ['--app', 'none', '--media', 'm', '--media-private'],
    ['--media', 'm', '--upload-limit', '10m'],
  ])
    assert.equal((await runIn(root, 'nginx', '--out', '.', ...args)).code, 2, args.join(' '))
})

for (const [args, missing] of [
  [['--media-private'], '--media DIR|URL'],
  [['--media-url', '/files/'], '--media DIR|URL'],
  [['--upload-limit', '20'], '--media DIR|URL'],
  [['--internal', '/x/'], '--media DIR|URL'],
  [['--internal', '/x/', '--media', 'media'], '--media-private'],
  [['--check', 'a.conf', '--media-private'], '--media DIR|URL'],
] as const) {
  test(`fingerpost nginx ${args.join(' ')} says that ${missing} is missing`, async (context) => {
    const folder = makeTree(context, { 'a.conf': '' })
    await writeBuild(join(folder, 'out'), FILES)
    const { code, stderr, stdout } = await runIn(folder, 'nginx', '--out', 'out', ...args)
    assert.deepEqual([code, stdout], [2, ''])
    const [, unused, added] = /^fingerpost: (--[\w-]+) is for .*\. Add: (.*)\n$/.exec(stderr) ?? []
    assert.deepEqual(
      [unused, added],
      [args.findLast((arg) => arg.startsWith('--') && arg !== '--media'), missing],
    )
  })
}

test('fingerpost nginx --check --internal needs no media', async (context) => {
  const folder = makeTree(context, { 'a.conf': 'location /x/ { alias /srv/x/; }' })
  assert.equal((await runIn(folder, 'nginx', '--check', 'a.conf')).code, 0)
  const named = await runIn(folder, 'nginx', '--check', 'a.conf', '--internal', '/x/')
  assert.match(named.stderr, /Everybody may ask for \/x\/: private files are open\./)
})

test('fingerpost nginx --check --media-private finds a location that opens the media', async (context) => {
  const folder = makeTree(context, { media: {} })
  const headers = 'disable_symlinks on; add_header X-Content-Type-Options nosniff;'
  writeFileSync(join(folder, 'a.conf'), `location /media/ { alias ${folder}/media/; ${headers} }`)
  const check = ['nginx', '--check', 'a.conf', '--media', 'media', '--json']
  assert.deepEqual(JSON.parse((await runIn(folder, ...check)).stdout).findings, [])
  const { code, stdout } = await runIn(folder, ...check, '--media-private')
  assert.deepEqual([code, JSON.parse(stdout).findings[0].code], [1, 'open-private'])
  writeFileSync(join(folder, 'a.conf'), `location /internal-media/ { internal; alias ${folder}/media/; }`)
  assert.equal((await runIn(folder, ...check, '--media-private')).code, 0)
})

test('fingerpost nginx --check follows includes and says what it has not checked', async (context) => {
  const folder = makeTree(context, {
    'nginx.conf': 'http { include mime.types; include sites/*.conf; include modules/none.conf; }',
    'mime.types': 'types { text/css css; }',
    sites: {
      'a.conf': 'server { location / { alias /; include snippets/x.conf; } }',
      'b.conf': 'server { location /a/ { rewrite ^ /; } }',
      'c.txt': 'broken {',
    },
    snippets: { 'x.conf': 'autoindex on;' },
    'package.json': '{}',
  })
  const { code, stderr } = await runIn(folder, 'nginx', '--check', 'nginx.conf')
  assert.equal(code, 1)
  assert.match(stderr, /snippets\/x\.conf:1 {2}Everybody may list the folder\./)
  assert.match(stderr, /sites\/b\.conf:1 {2}not checked: rewrite \^ \/\n/)
  assert.match(stderr, /nginx\.conf:1 {2}not checked: include modules\/none\.conf, which cannot be read\n/)
  const one = await runIn(folder, 'nginx', '--check', 'sites/b.conf', '--json')
  assert.equal(one.code, 0)
  assert.equal(JSON.parse(one.stdout).notChecked[0].what, 'rewrite ^ /')
  writeFileSync(join(folder, 'project.conf'), `server { root ${folder}; }`)
  const project = await runIn(folder, 'nginx', '--check', 'project.conf')
  assert.match(project.stderr, /is a project: its code and its secrets are open/)
})

test('fingerpost nginx --check lists mistakes with their lines and ends with 1', async (context) => {
  const folder = makeTree(context, {
    'bad.conf': 'location /static {\n  alias /srv/static/;\n}\n',
    'good.conf': 'location /static/ { alias /srv/static/; }',
    'broken.conf': 'location {',
  })
  const bad = await runIn(folder, 'nginx', '--check', 'bad.conf')
  assert.equal(bad.code, 1)
  assert.match(bad.stderr, /^bad\.conf:2 {2}\/static\.\.\/ opens the folder above/)
  const json = await runIn(folder, 'nginx', '--check', 'bad.conf', '--json')
  assert.equal(JSON.parse(json.stdout).findings[0].code, 'alias-slash')
  assert.equal((await runIn(folder, 'nginx', '--check', 'good.conf')).code, 0)
  assert.equal((await runIn(folder, 'nginx', '--check', 'broken.conf')).code, 2)
  assert.equal((await runIn(folder, 'nginx', '--check', 'none.conf')).code, 2)
  const limits = ['--media', 'media', '--check']
  const proxy = makeTree(context, { 'a.conf': 'location / { proxy_pass http://app; }' })
  assert.match(
    (await runIn(proxy, 'nginx', ...limits, join(proxy, 'a.conf'))).stderr,
    /client_max_body_size 50m/,
  )
})
