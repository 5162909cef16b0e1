import { DICTIONARIES_FILE, type Dictionaries, isDictionary } from '../../core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { MANIFEST_FILE, type Manifest } from '../../core/manifest/manifest.ts'
import { extensionOf } from '../../core/path.ts'
import { parsePublicUrl } from '../../core/public-url.ts'
import { formatCacheMap, formatPrecompressed, formatSpecialTypes, formatTypes } from './names.ts'
import { indent, quoteValue } from './syntax.ts'

/** A build that nginx sends by itself. */
export interface NginxStatic {
  /** Absolute: the folder with the manifest. */
  readonly root: string
  readonly manifest: Manifest
  /** Undefined without. */
  readonly dictionaries?: Dictionaries | undefined
  /** Whether nginx has ngx_brotli's static module. */
  readonly brotli: boolean
}

/** The maps of the static part; they stand outside of `server`. */
export function formatStaticMaps({ manifest, dictionaries }: NginxStatic, app: string | undefined): string {
  const patterns =
    dictionaries === undefined || app === undefined ? '' : formatPatterns(manifest, dictionaries)
  return patterns + formatCacheMap(manifest, folderOf(manifest))
}

/**
 * The location of the static part.
 *
 * @param app the location that answers for logical names; undefined for a site without an app
 * @param more further directives
 */
export function formatStaticLocation(settings: NginxStatic, app: string | undefined, more: string): string {
  const { root, manifest, dictionaries, brotli } = settings
  const hasDeltas = dictionaries !== undefined && app !== undefined
  const path = folderOf(manifest)
  const fallback =
    app === undefined
      ? '# Only hashed names are on the disk; templates never make others.'
      : `# Logical names (css/site.css) are not on the disk; the app answers for them.
error_page 404 405${hasDeltas ? ' 418' : ''} = ${app};
log_not_found off;${more}`
  return `# Static files of the build. Both slashes matter: without them a name with .. would leave the folder.
location ^~ ${quoteValue(path)} {
    alias ${quoteValue(`${root}/`)};

    # Only files have an address: no folders, dotfiles, precompressed files, and not the list of everything.
    try_files $uri =404;
${indent(formatPrecompressed(manifest, path))}    location ~ /\\.(?!well-known/) { return 404; }
    location = ${quoteValue(path + MANIFEST_FILE)} { return 404; }
    location = ${quoteValue(path + HISTORY_FILE)} { return 404; }
    location = ${quoteValue(path + DICTIONARIES_FILE)} { return 404; }
${hasDeltas ? DELTAS_BY_APP : ''}
    # The build has compressed everything; nginx only picks a sibling and says "Vary: Accept-Encoding".
    gzip off;
    gzip_static on;
    gzip_vary on;
    ${brotli ? 'brotli_static on;' : '# brotli_static on;  # needs the module ngx_http_brotli_static_module'}

${indent(formatTypes(manifest))}${indent(formatSpecialTypes(manifest, path))}
    # Headers of an outer level would be lost as soon as one is added here: all of them stand together.
    add_header Cache-Control $fingerpost_static_cache;
    add_header Access-Control-Allow-Origin "*";
    add_header X-Content-Type-Options nosniff;
    add_header Cache-Control $fingerpost_missing always;
${hasDeltas ? DICTIONARY_HEADERS : ''}
${indent(fallback)}
}
`
}

const DELTAS_BY_APP = `
    # A browser that has an earlier version of the file: the app has the deltas.
    if ($http_available_dictionary) { return 418; }
`

const DICTIONARY_HEADERS = `    add_header Use-As-Dictionary $fingerpost_dictionary;
    add_header Vary $fingerpost_vary;
`

/**
 * The Use-As-Dictionary values, as the app makes them. Names with characters that mean something in a pattern, and sizes,
 * are left to the app.
 */
function formatPatterns(manifest: Manifest, { minBytes }: Dictionaries): string {
  const folder = folderOf(manifest).replace(/[^\w/-]/g, String.raw`\$&`)
  const assets = [...manifest.assets].filter(([path, asset]) => isDictionary(path, asset, minBytes))
  const format = (found: readonly (typeof assets)[number][], dash: string, hash: string) => {
    const extensions = new Set(
      found.map(([path]) => extensionOf(path)).filter((each) => /^\.\w+$/.test(each)),
    )
    if (extensions.size === 0) return ''
    const ends = [...extensions]
      .map((each) => each.slice(1))
      .sort()
      .join('|')
    const before = String.raw`(?<before_${dash.length}>${folder}(?:[\w.~-]+/)*[\w.~-]+?${dash})`
    const after = String.raw`(?<after_${dash.length}>(?:\.\w+)?\.(?:${ends}))`
    const value = `'match="\${before_${dash.length}}:h\${after_${dash.length}}"'`
    return `    "~^${before}${hash}${after}$" ${value};\n`
  }
  const [kept, hashed] = [
    assets.filter(([path, { file }]) => file === path),
    assets.filter(([path, { file }]) => file !== path),
  ]
  return `# Files that browsers may keep as dictionaries (RFC 9842), for those that differ in the hash alone.
map $uri $fingerpost_pattern {
    default "";
${format(hashed, String.raw`\.`, '[0-9a-f]{16}')}${format(kept, '[-.]', '(?:[0-9a-f]{8,64}|[\\w-]{8})')}}
map $fingerpost_pattern $fingerpost_vary {
    "" "";
    default "Available-Dictionary";
}
# Not for parts, which are still a 200 when nginx reads this.
map "$status$http_range" $fingerpost_dictionary {
    volatile;
    default "";
    "200" $fingerpost_pattern;
}

`
}

/** The path below which the files are: `/static/`. */
function folderOf({ url }: Manifest): string {
  return decodeURI(parsePublicUrl(url).pathname)
}
