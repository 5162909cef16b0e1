import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  checkNginxConfig,
  type FindingCode,
  type NginxExpectations,
} from '../../../src/deploy/nginx/check.ts'
import { parseNginxConfig } from '../../../src/deploy/nginx/syntax.ts'

const EXPECTED: NginxExpectations = {
  roots: ['/srv/app/staticfiles'],
  internal: ['/internal-media/'],
  maxRequestBytes: 50 * 1024 * 1024,
}

const MISTAKES: readonly (readonly [why: string, config: string, code: FindingCode, line: number])[] = [
  [
    'root where alias is meant: the build',
    'location /static/ {\n  root /srv/app/staticfiles;\n}',
    'root-for-alias',
    2,
  ],
  ['root where alias is meant: the same name', 'location /media/ { root /srv/media/; }', 'root-for-alias', 1],
  ['alias without slashes: the parent is open', 'location /static {\n alias /srv/s/;\n}', 'alias-slash', 2],
  ['alias without slash: names run together', 'location ^~ /static/ { alias /srv/s; }', 'alias-slash', 1],
  ['both without slash', 'location /static { alias /srv/s; }', 'alias-slash', 1],
  ['a private location for all', 'location /internal-media/ { alias /srv/m/; }', 'missing-internal', 1],
  ['a private location by its name', 'location /protected/ { alias /srv/p/; }', 'missing-internal', 1],
  ['no body limit: 1 MiB is the default', 'location / {\n proxy_pass http://app;\n}', 'body-limit', 2],
  [
    'a body limit that is too small',
    'server {\nclient_max_body_size 10m;\nlocation / { proxy_pass http://app; }\n}',
    'body-limit',
    2,
  ],
  [
    'headers lost by another header',
    'server {\nadd_header X-Frame-Options DENY;\nlocation /a/ {\nadd_header Cache-Control no-cache;\n}\n}',
    'shadowed-header',
    3,
  ],
  [
    'headers lost two levels down',
    'http { add_header A 1; server { location / { if ($x) { add_header B 2; } } } }',
    'shadowed-header',
    1,
  ],
  ['a folder everybody may list', 'location /media/ { autoindex on; }', 'autoindex', 1],
]

for (const [why, config, code, line] of MISTAKES) {
  test(`found: ${why}`, () => {
    const findings = checkNginxConfig(config, EXPECTED)
    assert.deepEqual(
      findings.map((finding) => [finding.code, finding.line]),
      [[code, line]],
    )
    assert.ok(findings.every(({ message, remedy }) => message !== '' && remedy !== ''))
  })
}

test('what is right is left alone', () => {
  const config = `
    http {
      client_max_body_size 0;
      add_header A 1;
      server {
        location ^~ /static/ { alias /srv/app/staticfiles/; add_header A 1; add_header B 2; }
        location = /favicon.ico { alias /srv/app/favicon.ico; }
        location ~ \\.php$ { root /srv/php; }
        location / { root /srv/www; proxy_pass http://app; }
        location /internal-media/ { internal; alias /srv/media/; }
      }
    }`
  assert.deepEqual(checkNginxConfig(config, EXPECTED), [])
})

test('comments, quotes and escapes are read as nginx reads them', () => {
  const config = `# root /srv/app/staticfiles;
    map $uri $x { default "a;b{c}"; "~\\.[0-9]{2}$" 'it''s'; }
    log_format main '$remote_addr "$request" \${status}';`
  const [map, format] = parseNginxConfig(config.replace("'it''s'", "'its'"))
  assert.deepEqual(
    map?.block?.map(({ name, args }) => [name, ...args]),
    [
      ['default', 'a;b{c}'],
      ['~\\.[0-9]{2}$', 'its'],
    ],
  )
  assert.equal(format?.line, 3)
  assert.deepEqual(format?.args, ['main', '$remote_addr "$request" $\u007bstatus}'])
})

for (const config of ['location / {', 'location / { } }', 'root /srv', 'root "/srv;', '{ }', ';']) {
  test(`a file that does not parse is refused: ${config}`, () => {
    assert.throws(() => checkNginxConfig(config, EXPECTED), { code: 'FP_CONFIG', message: /line \d/ })
  })
}

test('whatever the file holds, it is either read or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab/{};"\'\\#$ \n') }), (text) => {
      try {
        checkNginxConfig(text, EXPECTED)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'FP_CONFIG')
      }
    }),
  )
})

test('blocks of Lua are skipped, whatever their braces, strings and comments', () => {
  const config = `location / {
    content_by_lua_block {
      -- that's all
      local t = { a = "}", b = '}', [ [[long { bracket]] ] = 'it\\'s' } -- }
      --[==[ } ]] ]==]
      ngx.say(t.a)
    }
    autoindex on;
  }`
  const findings = checkNginxConfig(config, EXPECTED)
  assert.deepEqual(
    findings.map(({ code, line }) => [code, line]),
    [['autoindex', 8]],
  )
})

test('a file that is broken names line and word', () => {
  const message = (config: string) => {
    try {
      parseNginxConfig(config)
    } catch (error) {
      return (error as Error).message.split('\n')[0]
    }
    return undefined
  }
  const say = 'Cannot parse the nginx configuration: line'
  assert.equal(message('a {\n  gzip on\n}'), `${say} 3: unexpected "}".`)
  assert.equal(message('a;\nserver {\n  b;\n'), `${say} 2: "server" has no "}".`)
  assert.equal(message('a;\ngzip on'), `${say} 2: "gzip" has no ";".`)
  assert.equal(message('a;\n\nroot "x'), `${say} 3: unexpected "\\"x".`)
})
