import {
  asFlag,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
} from '../../core/option.ts'

/** The build options that say what counts as a reference and what becomes of it. */
export interface ReferenceOptions {
  /** Globs of targets that may be missing, or `FILE:TARGET` for one file's targets. Default none. */
  readonly allowMissing?: readonly string[]
  /** What a reference that leads nowhere does: fail the build, or be reported only. Default `'error'`. */
  readonly onMissing?: 'error' | 'warn'
  /**
   * How modules reach each other. `rewrite`: specifiers carry hashed names, which works everywhere. `import-map`:
   * module files keep their specifiers and the page's import map leads to the hashed files, so that a changed leaf
   * renames one file instead of everything above it. Default `'rewrite'`.
   */
  readonly modules?: 'rewrite' | 'import-map'
  /**
   * Bare specifiers and the logical paths they stand for: `{ three: 'vendor/three/three.module.js' }`. With a slash at
   * both ends, a folder: `{ 'three/addons/': 'vendor/three/examples/jsm/' }`. Default none.
   */
  readonly importMap?: Readonly<Record<string, string>>
  /**
   * Globs of files whose names carry a bundler's hash already: they keep name and bytes. What a `.vite/manifest.json`
   * in a source lists is added by itself. Default none.
   */
  readonly prehashed?: readonly string[]
  /** Read HTML files of the sources for references too. Default false. */
  readonly html?: boolean
  /**
   * What becomes of `./Button` where there is no such file: `keep` leaves it with a warning, `resolve` takes it for
   * `Button.js`, `Button.mjs` or `Button/index.js`, if exactly one of them is there. Default `'keep'`.
   */
  readonly extensionless?: 'keep' | 'resolve'
  /** What becomes of a source map comment whose map is missing: it stays, or is taken out. Default `'keep'`. */
  readonly missingSourceMaps?: 'keep' | 'strip'
}

/** {@link ReferenceOptions} with every default filled in. */
export type ReferenceConfig = Required<ReferenceOptions>

/** The defaults of {@link ReferenceOptions}. */
export const REFERENCE_DEFAULTS: ReferenceConfig = {
  allowMissing: [],
  onMissing: 'error',
  modules: 'rewrite',
  importMap: {},
  prehashed: [],
  html: false,
  extensionless: 'keep',
  missingSourceMaps: 'keep',
}

const asTextByName: OptionParser<Readonly<Record<string, string>>> = (value, where) =>
  Object.fromEntries(
    Object.entries(asRecord(value, where)).map(([name, each]) => [name, asText(each, `${where}[${name}]`)]),
  )

/** How each of {@link ReferenceOptions} is read. */
export const REFERENCE_TABLE: OptionTable<ReferenceOptions> = {
  allowMissing: asListOf(asText),
  onMissing: asOneOf('error', 'warn'),
  modules: asOneOf('rewrite', 'import-map'),
  importMap: asTextByName,
  prehashed: asListOf(asText),
  html: asFlag,
  extensionless: asOneOf('keep', 'resolve'),
  missingSourceMaps: asOneOf('keep', 'strip'),
}

/** Fills in the defaults. */
export function referenceConfigOf(options: ReferenceOptions): ReferenceConfig {
  const { allowMissing, onMissing, modules, importMap, prehashed, html, extensionless, missingSourceMaps } =
    options
  const defaults = REFERENCE_DEFAULTS
  return {
    allowMissing: allowMissing ?? defaults.allowMissing,
    onMissing: onMissing ?? defaults.onMissing,
    modules: modules ?? defaults.modules,
    importMap: importMap ?? defaults.importMap,
    prehashed: prehashed ?? defaults.prehashed,
    html: html ?? defaults.html,
    extensionless: extensionless ?? defaults.extensionless,
    missingSourceMaps: missingSourceMaps ?? defaults.missingSourceMaps,
  }
}
