import { RASTER_IMAGES, RASTER_TYPES } from '../../core/media-type.ts'
import { parsePublicUrl } from '../../core/public-url.ts'
import { indent, quoteValue } from './syntax.ts'

/** Where visitors' files are kept. */
export type NginxMediaSource =
  /** Absolute. */
  | { readonly kind: 'folder'; readonly root: string }
  /** `https://s3.example.com`: the host that signed addresses name. */
  | { readonly kind: 'bucket'; readonly endpoint: string }

/** Visitors' files behind nginx. */
export interface NginxMedia {
  /** The plugin's `url`. */
  readonly url: string
  readonly source: NginxMediaSource
  /**
   * `direct`: nginx sends from the folder without asking anybody, for media that are all public. `accel`: the app
   * decides about each request and nginx sends.
   */
  readonly via: 'direct' | 'accel'
  /** The location the app names in X-Accel-Redirect. */
  readonly internal: string
  /** Bytes of a request with uploads. */
  readonly maxRequestBytes: number
  /** The plugin's `crossOriginResourcePolicy`. */
  readonly resourcePolicy: string
}

/** The pictures that the plugin shows; everything else is saved to disk and has no type. */
const TYPES = `types {
${Object.entries(RASTER_IMAGES)
  .map(([type, extensions]) => `    ${type} ${extensions.join(' ')};`)
  .join('\n')}
}
default_type application/octet-stream;
charset off;`

/** The bytes a form may have besides its files. */
const FORM_BYTES = 8 * 1024 * 1024

/** The maps of the media part. */
export function formatMediaMaps({ via }: NginxMedia): string {
  if (via === 'accel') return ''
  return `# Only pictures made of pixels are shown; whatever could run is saved to disk.
map $uri $fingerpost_media_disposition {
    default "attachment";
    "~*\\.(?:${[...RASTER_TYPES.keys()].join('|')})$" "inline";
}
`
}

/** The locations of the media part. @param app where the app is: `http://fingerpost_app` */
export function formatMediaLocations(media: NginxMedia, app: string): string {
  const path = decodeURI(parsePublicUrl(media.url).pathname)
  if (media.via === 'direct') return formatDirect(media, path)
  return `# Visitors' files: the app decides, nginx sends. A signed link may let somebody put one here.
location ^~ ${quoteValue(path)} {
    proxy_pass ${app};
${indent(PROXY_HEADERS)}
${indent(formatUploadLimit(media))}
}

${media.source.kind === 'folder' ? formatInternalFolder(media, media.source.root) : formatInternalBucket(media, media.source.endpoint)}`
}

/** What the app has to know of a request. */
export const PROXY_HEADERS = `proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Host $host;
proxy_set_header X-Forwarded-Proto $scheme;`

/** What uploads need in a location that leads to the app. */
export function formatUploadLimit({ maxRequestBytes }: NginxMedia): string {
  const megabytes = Math.ceil((maxRequestBytes + FORM_BYTES) / 1024 / 1024)
  return `
# The app's own limit and some room for the form around the files: the app's answer says what was wrong.
client_max_body_size ${megabytes}m;
# Straight on to the app, which stores as it reads; otherwise every upload would be written twice.
proxy_request_buffering off;`
}

function formatDirect(media: NginxMedia, path: string): string {
  const root = media.source.kind === 'folder' ? `${media.source.root}/` : ''
  return `# Visitors' files, all public. nginx sees only names; that a picture is one was checked when it was saved.
location ^~ ${quoteValue(path)} {
    alias ${quoteValue(root)};
    disable_symlinks on from=${quoteValue(root)};
    limit_except GET { deny all; }
    location ~ /\\. { return 404; }

${indent(TYPES)}
    gzip_static off;

${indent(safetyHeaders(media))}
    add_header Content-Disposition $fingerpost_media_disposition;
    add_header Cache-Control "no-cache";
    add_header Cache-Control $fingerpost_missing always;
}
`
}

function formatInternalFolder(media: NginxMedia, root: string): string {
  return `# Only the app leads here, by X-Accel-Redirect. Type, disposition and caching are those of its answer.
location ^~ ${quoteValue(media.internal)} {
    internal;
    alias ${quoteValue(`${root}/`)};
    disable_symlinks on from=${quoteValue(`${root}/`)};
    gzip_static off;
${indent(safetyHeaders(media))}
    add_header Cache-Control $fingerpost_missing always;
}
`
}

function formatInternalBucket(media: NginxMedia, endpoint: string): string {
  const { protocol, host } = new URL(endpoint)
  return `# Only the app leads here, by X-Accel-Redirect to a signed address of the bucket.
location ^~ ${quoteValue(media.internal)} {
    internal;
    proxy_pass ${protocol}//${quoteValue(host)}/;
    proxy_http_version 1.1;
    proxy_method GET;  # what was signed; nginx itself leaves the body out of a HEAD
    proxy_set_header Connection "";
    proxy_set_header Host ${quoteValue(host)};
    proxy_set_header Cookie "";
    proxy_set_header Authorization "";${protocol === 'https:' ? '\n    proxy_ssl_server_name on;' : ''}
    proxy_hide_header x-amz-request-id;
    proxy_hide_header x-amz-id-2;
    proxy_hide_header x-amz-meta-fingerpost-save;
    proxy_hide_header x-amz-meta-fingerpost-claim;
    proxy_hide_header x-amz-meta-integrity;
    proxy_hide_header x-amz-version-id;
    proxy_hide_header x-amz-server-side-encryption;
    proxy_hide_header x-amz-storage-class;
    # The app has said these already.
    proxy_hide_header Content-Disposition;
    proxy_hide_header Cache-Control;
    proxy_hide_header Content-Security-Policy;
${indent(safetyHeaders(media))}
    # Errors of the bucket name it and its key: visitors see nginx's own. What the app could not foresee is a 502.
    proxy_intercept_errors on;
${BUCKET_ERRORS.map(([status, ...codes]) => `    error_page ${codes.join(' ')} = @fingerpost_bucket_${status};\n`).join('')}}
${BUCKET_ERRORS.map(([status]) => formatBucketError(media, status)).join('')}`
}

/** A status for visitors, and those of the bucket that lead to it. An object may vanish after the app has seen it. */
const BUCKET_ERRORS: readonly (readonly [status: number, ...codes: readonly number[]])[] = [
  [404, 404],
  [412, 412],
  [416, 416],
  [502, 300, 301, 302, 303, 307, 308, 400, 401, 403, 405, 409, 410, 429, 500, 501, 502, 503, 504],
]

function formatBucketError(media: NginxMedia, status: number): string {
  return `location @fingerpost_bucket_${status} {
${indent(safetyHeaders(media))}
    add_header Cache-Control "no-store" always;
    return ${status};
}
`
}

function safetyHeaders({ resourcePolicy }: NginxMedia): string {
  return `add_header X-Content-Type-Options nosniff always;
add_header Content-Security-Policy "default-src 'none'; sandbox" always;
add_header Cross-Origin-Resource-Policy ${quoteValue(resourcePolicy)} always;`
}
