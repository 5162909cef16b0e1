import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkFolders } from '../../../src/deploy/nginx/check-folders.ts'
import { parseNginxConfig } from '../../../src/deploy/nginx/syntax.ts'
import { runIn } from '../../cli/support.ts'
import { makeTree } from '../../support/tree.ts'

/** Every system has this user, and no tests run as it. */
const USER = 'daemon'

/** A build in folders that everybody may enter, whatever the umask. */
function makeSite(context: TestContext): string {
  const top = realpathSync(makeTree(context, { 'home/app/static/a.css': 'a', 'other/b.css': 'b' }))
  for (const folder of ['', 'home', 'home/app', 'home/app/static', 'other'])
    chmodSync(join(top, folder), 0o755)
  chmodSync(join(top, 'home/app/static/a.css'), 0o644)
  return top
}

function check(config: string, main = `user ${USER};`, compiled?: string) {
  const { findings, notChecked } = checkFolders(
    parseNginxConfig(config, 'site.conf'),
    parseNginxConfig(main, 'nginx.conf'),
    compiled,
  )
  return [
    ...findings.map(({ code, line, message, remedy }) => `${code} ${line} ${message} ${remedy}`),
    ...notChecked.map(({ line, what }) => `not checked ${line} ${what}`),
  ]
}

test('folders that nginx can enter are fine: of builds, by links, of one file', (context) => {
  const top = makeSite(context)
  symlinkSync(join(top, 'home/app'), join(top, 'current'))
  const config = `location /static/ { alias ${top}/current/static/; }
    location / { root ${top}/other; }
    location = /a.css { alias ${top}/home/app/static/a.css; }
    location ~ ^/x/(.*)$ { alias ${top}/other/$1; }`
  assert.deepEqual(check(config), [])
})

test('a folder that is missing is found, and a root that no request uses is not', (context) => {
  const top = makeSite(context)
  const location = `location / { proxy_pass http://127.0.0.1:1; }\nlocation /static/ { alias ${top}/none/; }`
  const [found = '', ...others] = check(`server {\nroot ${top}/unused;\n${location}\n}`)
  assert.match(found, /^missing-folder 4 .*\/none\/ isn't there/)
  assert.deepEqual(others, [])
})

for (const shut of ['home', 'home/app', 'home/app/static']) {
  test(`a folder on the way that nginx's user may not enter is found: ${shut}`, (context) => {
    const top = makeSite(context)
    chmodSync(join(top, shut), 0o750)
    symlinkSync(join(top, 'home/app'), join(top, 'current'))
    for (const way of ['home/app/static', 'current/static']) {
      const [found = '', ...others] = check(`location /static/ { alias ${top}/${way}/; }`)
      assert.ok(found.startsWith(`unreadable-folder 1 nginx's user ${USER} can't read ${top}/${way}/`), found)
      assert.ok(found.includes(`chmod o+x ${top}/`), found)
      assert.deepEqual(others, [])
    }
    assert.deepEqual(check(`location /static/ { alias ${top}/home/app/static/; }`, 'user root;'), [])
  })
}

test('a folder counts by the class of the user: its group may enter, or alone may not', (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root gives files away')
  const top = makeSite(context)
  const group = Number(execFileSync('id', ['-g', USER], { encoding: 'utf8' }))
  chownSync(join(top, 'other'), 0, group)
  chmodSync(join(top, 'other'), 0o750)
  assert.deepEqual(check(`location / { root ${top}/other; }`), [])
  chmodSync(join(top, 'other'), 0o705)
  assert.match(check(`location / { root ${top}/other; }`)[0] ?? '', /^unreadable-folder/)
})

test('what is not looked at is said: no user in sight, one this machine has not, a path of nginx’s own', (context) => {
  const top = makeSite(context)
  const config = `location /static/ { alias ${top}/none/; }`
  assert.match(check(config, '', USER)[0] ?? '', /^not checked 1 alias .*no nginx\.conf is here/)
  assert.match(check(config, 'user no-such-user;')[0] ?? '', /^not checked 1 .*no user no-such-user/)
  assert.match(check('location / { root html; }')[0] ?? '', /^not checked 1 root html .*own folder/)
  assert.match(check(`http { server { ${config} } }`, '', USER)[0] ?? '', /^missing-folder/)
})

test('fingerpost nginx --check takes the user from the nginx.conf that includes a file', async (context) => {
  const top = makeSite(context)
  const site = `location /static/ {\n  add_header X-Content-Type-Options nosniff;\n  alias ${top}/none/;\n}`
  const folder = makeTree(context, { 'nginx.conf': `user ${USER};`, 'conf.d': { 'site.conf': site } })
  const { code, stderr } = await runIn(folder, 'nginx', '--check', 'conf.d/site.conf')
  assert.equal(code, 1)
  assert.match(stderr, /conf\.d\/site\.conf:3 {2}.*\/none\/ isn't there.*\n {2}Correct the path/)
})
