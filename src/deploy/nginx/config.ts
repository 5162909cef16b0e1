import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  formatMediaLocations,
  formatMediaMaps,
  formatUploadLimit,
  type NginxMedia,
  PROXY_HEADERS,
} from './media.ts'
import { formatStaticLocation, formatStaticMaps, type NginxStatic } from './static.ts'
import { indent, quoteValue } from './syntax.ts'

/** Everything nginx has to know of a site. */
export interface NginxSettings {
  /** `80`, `127.0.0.1:8080`. */
  readonly listen: string
  /** Host names; `_` for any. */
  readonly serverName: string
  /** `http://127.0.0.1:3000`; undefined for a site without an app. */
  readonly app: string | undefined
  readonly static: NginxStatic | undefined
  readonly media: NginxMedia | undefined
  /** A whole nginx.conf instead of a file for conf.d. */
  readonly whole?: { readonly modules: readonly string[]; readonly prelude?: string } | undefined
}

/** An nginx configuration: the same settings, the same text. */
export function formatNginxConfig(settings: NginxSettings): string {
  const site = formatSite(settings)
  const { whole } = settings
  if (whole === undefined) return `# Made by fingerpost nginx. Put it into /etc/nginx/conf.d/.\n\n${site}`
  const modules = whole.modules.map((module) => `load_module ${quoteValue(module)};\n`).join('')
  return `# Made by fingerpost nginx.
${modules}${whole.prelude ?? ''}
events {}

http {
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 65s;

${indent(site)}}
`
}

/** What the installed nginx supports. */
export interface InstalledNginx {
  /** Whether `brotli_static` works, built in or as a module. */
  readonly brotli: boolean
  /** Modules that a whole nginx.conf has to load, absolute. */
  readonly modules: readonly string[]
  /** The user of its workers where no configuration names one. */
  readonly user: string
}

/** Asks the nginx of this machine; undefined where there is none. */
export async function findNginx(): Promise<InstalledNginx | undefined> {
  const answer = await promisify(execFile)('nginx', ['-V']).catch(() => undefined)
  if (answer === undefined) return undefined
  const user = /--user=(\S+)/.exec(answer.stderr)?.[1] ?? 'nobody'
  if (/--add-module=\S*brotli/.test(answer.stderr)) return { brotli: true, modules: [], user }
  const folder = /--modules-path=(\S+)/.exec(answer.stderr)?.[1]
  const module = folder === undefined ? undefined : join(folder, 'ngx_http_brotli_static_module.so')
  return module !== undefined && existsSync(module)
    ? { brotli: true, modules: [module], user }
    : { brotli: false, modules: [], user }
}

function formatSite(settings: NginxSettings): string {
  const { app, listen, serverName, media } = settings
  // With the build at /, its location is the one of the app, too.
  const isShared =
    settings.static !== undefined && new URL(settings.static.manifest.url, 'http://x').pathname === '/'
  const limit = media === undefined ? '' : formatUploadLimit(media)
  const maps = [settings.static && formatStaticMaps(settings.static, app), media && formatMediaMaps(media)]
  const upstream = app === undefined ? '' : formatUpstream(app)
  const body = [
    settings.static &&
      formatStaticLocation(
        settings.static,
        app === undefined ? undefined : '@fingerpost_app',
        isShared ? limit : '',
      ),
    media && formatMediaLocations(media, 'http://fingerpost_app'),
    app === undefined ? undefined : formatApp(limit, isShared),
  ]
  return `${[MISSING, ...maps, upstream].filter(isGiven).join('\n')}
server {
    listen ${quoteValue(listen)};
    server_name ${serverName.split(/\s+/).map(quoteValue).join(' ')};

${indent(body.filter(isGiven).join('\n'))}}
`
}

/**
 * A CDN that remembers an error would keep it when the next deploy brings the file. Volatile, because nginx turns a 200
 * into a 416 after it has read the variable.
 */
const MISSING = `map $status $fingerpost_missing {
    volatile;
    default "";
    "~^[45]" "no-store";
}
`

function formatUpstream(app: string): string {
  const { host } = new URL(app)
  return `upstream fingerpost_app {
    server ${quoteValue(host)};
    keepalive 32;
}
`
}

function formatApp(limit: string, isShared: boolean): string {
  const proxy = `    proxy_pass http://fingerpost_app;\n${indent(PROXY_HEADERS)}`
  const named = `location @fingerpost_app {\n${proxy}\n}\n`
  if (isShared) return named
  return `# Everything else is the app's.\nlocation / {\n${proxy}\n${indent(limit)}\n}\n\n${named}`
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== ''
}
