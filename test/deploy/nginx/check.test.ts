import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkNginxConfig as check } from '../../../src/deploy/nginx/check.ts'
import type { FindingCode, NginxExpectations } from '../../../src/deploy/nginx/finding.ts'
import { type ReadIncluded, readNginxFiles } from '../../../src/deploy/nginx/include.ts'
import { parseNginxConfig as parse } from '../../../src/deploy/nginx/syntax.ts'
import { testNginxConfig, writeNginxConfig } from '../../support/nginx.ts'
import { hasTool } from '../../support/require.ts'

const EXPECTED: NginxExpectations = {
  build: '/srv/app/staticfiles',
  media: '/srv/app/media',
  internal: ['/internal-media/'],
  privateFolders: [],
  maxRequestBytes: 50 * 1024 * 1024,
  isProject: (folder) => folder === '/srv/app',
}

const noFiles: ReadIncluded = () => undefined
const checkNginxConfig = (config: string, expected: NginxExpectations, read = noFiles) =>
  check(readNginxFiles(config, 'site.conf', read), expected).findings
const parseNginxConfig = (config: string) => parse(config, 'site.conf')

/** A whole nginx.conf around it, so that nginx itself can read it. */
function wholeOf(config: string): string {
  const server = /\bserver\s*\{/.test(config) ? config : `server {\n${config}\n}`
  const http = config.includes('http {') ? config : `http {\n${server}\n}`
  return `events {}\n${http.replace(/server\s*\{/, '$& listen 80; ').replaceAll('http://app', 'http://127.0.0.1:1')}`
}

const MISTAKES: readonly (readonly [why: string, config: string, code: FindingCode, line: number])[] = [
  [
    'root where alias is meant: the build',
    'location /static/ {\n  root /srv/app/staticfiles;\n  add_header X-Content-Type-Options nosniff;\n}',
    'root-for-alias',
    2,
  ],
  ['root where alias is meant: the same name', 'location /media/ { root /srv/media/; }', 'root-for-alias', 1],
  [
    'root where alias is meant: the build, on another machine',
    'location /static/ { root /path/to/staticfiles/; }',
    'root-for-alias',
    1,
  ],
  ['root where alias is meant: the media', 'location /files/ { root /mnt/media; }', 'root-for-alias', 1],
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
    'http {\nadd_header A 1; server { location / { if ($args) { add_header B 2; } } } }',
    'shadowed-header',
    2,
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

const INTERNAL = 'location /internal-media/ { internal; alias /srv/private/; }\n'
const NOSNIFF = 'add_header X-Content-Type-Options nosniff;'

/** What nginx accepts and leaves open: the mistake is found, maybe among others. */
const OPEN: readonly (readonly [why: string, config: string, code: FindingCode, line: number])[] = [
  ['a second location', `${INTERNAL}location /files/ { alias /srv/private/; }`, 'open-private', 2],
  [
    'a location for a folder in it',
    `${INTERNAL}location /cv/ { alias /srv/private/cv/; }`,
    'open-private',
    2,
  ],
  ['a folder around it', `${INTERNAL}location /all/ { alias /srv/; }`, 'open-private', 2],
  ['the root of the server', `root /srv;\n${INTERNAL}location /api/ { return 204; }`, 'open-private', 1],
  ['an expression', `${INTERNAL}location ~ ^/files/(.*)$ { alias /srv/private/$1; }`, 'open-private', 2],
  [
    'an expression for extensions',
    `${INTERNAL}location ~* \\.(png|jpe?g)$ { root /srv; }`,
    'open-private',
    2,
  ],
  [
    'an expression in a location',
    `${INTERNAL}location /f/ {\nlocation ~ \\.png$ { root /srv/private; }\n}`,
    'open-private',
    3,
  ],
  ['one file of it', `${INTERNAL}location = /a { alias /srv/private/a.pdf; }`, 'open-private', 2],
  ['the manifest', `location /static/ { alias /srv/app/staticfiles/; ${NOSNIFF} }`, 'open-manifest', 1],
  [
    'the manifest, by an expression',
    `location ~ ^/static/(.+)$ { alias /srv/app/staticfiles/$1; }`,
    'open-manifest',
    1,
  ],
  ['the manifest, by the root', `location /staticfiles/ { root /srv/app; ${NOSNIFF} }`, 'open-manifest', 1],
  ['the project as root', 'root /srv/app;\nlocation /api/ { return 204; }', 'open-project', 1],
  ['the project in a location', 'location / {\nroot /srv/app/;\n}', 'open-project', 2],
  ['types a browser guesses', 'location /media/ { alias /srv/app/media/; }', 'missing-nosniff', 1],
  [
    'types a browser guesses, in the build',
    'location /static/ { alias /srv/app/staticfiles/; }',
    'missing-nosniff',
    1,
  ],
  ['a link out', `location /media/ { alias /srv/app/media/; ${NOSNIFF} }`, 'links-out', 1],
  [
    'a link out, allowed',
    `location /media/ { alias /srv/app/media/; disable_symlinks off; }`,
    'links-out',
    1,
  ],
  [
    'a header hidden',
    'location / {\nproxy_pass http://app;\nproxy_hide_header Content-Disposition;\n}',
    'hidden-header',
    3,
  ],
  [
    'a header hidden everywhere',
    'proxy_hide_header x-content-type-options;\nlocation / { proxy_pass http://app; }',
    'hidden-header',
    1,
  ],
  [
    'a year for every name',
    'location /static/ {\nalias /srv/app/staticfiles/;\nexpires 1y;\n}',
    'long-cache',
    3,
  ],
  [
    'a year by hand',
    'location /static/ {\nalias /srv/app/staticfiles/;\nadd_header Cache-Control "public, max-age=31536000, immutable";\n}',
    'long-cache',
    3,
  ],
  [
    'a year for what the app answers',
    'location ~* \\.(css|js)$ {\nexpires max;\nproxy_pass http://app;\n}',
    'long-cache',
    2,
  ],
  ['a year for everything', 'expires 30d;\nlocation / { proxy_pass http://app; }', 'long-cache', 1],
]

for (const [why, config, code, line] of OPEN) {
  test(`found: ${code}, ${why}`, () => {
    const findings = checkNginxConfig(config, EXPECTED)
    assert.ok(
      findings.some((finding) => finding.code === code && finding.line === line),
      JSON.stringify(findings, undefined, 1),
    )
  })
}

const RIGHT = `
    http {
      client_max_body_size 0;
      server {
        location ^~ /static/ {
          alias /srv/app/staticfiles/;
          add_header A 1;
          add_header X-Content-Type-Options nosniff;
          location = /static/manifest.json { return 404; }
          location ~ ^/static/(history|dictionaries)\\.json$ { deny all; }
          location ~ "\\.[0-9a-f]{16}\\." { expires max; add_header X-Content-Type-Options nosniff; add_header A 1; }
        }
        location = /favicon.ico { alias /srv/app/favicon.ico; }
        location ~ \\.php$ { root /srv/php; }
        location / { root /srv/www; proxy_pass http://app; }
        location /internal-media/ { internal; alias /srv/media/; proxy_hide_header Content-Disposition; }
        location /staff/ { alias /srv/media/staff/; auth_basic staff; }
        location /media/ { alias /srv/app/media/; disable_symlinks on; add_header X-Content-Type-Options nosniff; }
      }
    }`

test('what is right is left alone', () => {
  assert.deepEqual(checkNginxConfig(RIGHT, EXPECTED), [])
})

test('nginx itself accepts each of these configurations', async (context) => {
  if (!hasTool(context, 'nginx')) return
  for (const config of [
    RIGHT.replace('    http {', 'http {'),
    ...[...MISTAKES, ...OPEN].map((row) => row[1]),
  ])
    assert.match(await testNginxConfig(writeNginxConfig(context, wholeOf(config))), /successful/, config)
})

test('each file that lists the build is named until all have no address', () => {
  const urls = ['manifest', 'history', 'dictionaries'].map((name) => `/static/${name}.json`)
  const closed = (hidden: readonly string[]) =>
    hidden.map((url) => `location = ${url} { return 404; }`).join(' ')
  for (const count of urls.keys()) {
    const [hidden, open] = [urls.slice(0, count), urls.slice(count)]
    const config = `location /static/ { alias /srv/app/staticfiles/; ${NOSNIFF} ${closed(hidden)} }`
    assert.deepEqual(
      checkNginxConfig(config, EXPECTED).map(({ message, remedy }) => [message, remedy]),
      [[`Files of the build are listed in ${open.join(', ')}.`, `Add: ${closed(open)}`]],
    )
  }
})

test('with private media, nothing but the app may lead to their folder', () => {
  const config = `location /media/ { alias /srv/app/media/; disable_symlinks on; ${NOSNIFF} }`
  assert.deepEqual(checkNginxConfig(config, EXPECTED), [])
  const [finding] = checkNginxConfig(config, { ...EXPECTED, privateFolders: ['/srv/app/media'] })
  assert.equal(finding?.code, 'open-private')
})

test('included files are read in their place, and their findings name them', () => {
  const files: Readonly<Record<string, string>> = {
    'media.conf': `\ninclude headers.conf;\nalias /srv/app/media/;`,
    'headers.conf': `${NOSNIFF}\nautoindex on;`,
  }
  const read: ReadIncluded = (pattern) => [{ file: pattern, text: files[pattern] ?? assert.fail(pattern) }]
  const findings = checkNginxConfig('location /media/ { include media.conf; }', EXPECTED, read)
  assert.deepEqual(
    findings.map(({ code, file, line }) => [code, file, line]),
    [
      ['autoindex', 'headers.conf', 2],
      ['links-out', 'site.conf', 1],
    ],
  )
})

/** What is not judged, and is named instead. */
const NOT_CHECKED = [
  'include sites/*.conf;',
  'location /a/ { root /srv/$host; }',
  'location /a/ { rewrite ^ /b; }',
  'location /a/ { if ($args) { return 204; } }',
  'location /a/ { try_files $uri /b; }',
  'location ~ ^/(?i)a$ { return 204; }',
  'location /a/ { content_by_lua_block { ngx.say("}") } }',
]

for (const config of NOT_CHECKED) {
  test(`named, because it is not checked: ${config}`, () => {
    const { notChecked } = check(readNginxFiles(config, 'site.conf', noFiles), EXPECTED)
    assert.deepEqual(
      notChecked.map(({ file, line }) => `${file}:${line}`),
      ['site.conf:1'],
    )
  })
}

test('a file that includes itself is read once', () => {
  const read: ReadIncluded = (pattern) => [{ file: pattern, text: `include ${pattern};` }]
  const { notChecked } = readNginxFiles('include a.conf;', 'site.conf', read)
  assert.deepEqual(notChecked, [{ file: 'a.conf', line: 1, what: 'include a.conf, which cannot be read' }])
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
  const say = 'Cannot parse site.conf: line'
  assert.equal(message('a {\n  gzip on\n}'), `${say} 3: unexpected "}".`)
  assert.equal(message('a;\nserver {\n  b;\n'), `${say} 2: "server" has no "}".`)
  assert.equal(message('a;\ngzip on'), `${say} 2: "gzip" has no ";".`)
  assert.equal(message('a;\n\nroot "x'), `${say} 3: unexpected "\\"x".`)
})
