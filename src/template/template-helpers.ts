import type { AttributeValue } from './html.ts'

/** Options of a URL. */
export interface UrlOptions {
  /** Includes scheme and host, for mails, feeds and `og:image`. Default false. */
  readonly absolute?: boolean | undefined
}

/** Options of a tag. All others become escaped attributes: `{ media: 'print', async: true, 'data-x': 1 }`. */
export interface TagOptions extends UrlOptions {
  /** The CSP nonce of the page. Default: that of the request, if it has one. */
  readonly nonce?: string | undefined
  /** Whether `integrity` is written. Default true. */
  readonly integrity?: boolean | undefined
  /** Default `anonymous`, which `integrity` needs for files on another host. False omits it. */
  readonly crossorigin?: 'anonymous' | 'use-credentials' | false | undefined
  /** Whether to preload imported stylesheets or modules. Default true. */
  readonly preload?: boolean | undefined
  readonly [attribute: string]: AttributeValue
}

/** The functions that templates call. An unknown name throws `FP_UNKNOWN_NAME` with the nearest names. */
export interface TemplateHelpers {
  /** The URL of a file. A `?query#fragment` is kept. Not escaped for HTML, which template engines do. */
  static(name: string, options?: UrlOptions): string
  /** `sha384-…` */
  staticIntegrity(name: string): string
  /** `<link rel="stylesheet">`, preceded by preloads of its imports. */
  stylesheetTag(name: string, options?: TagOptions): string
  /** `<script>` for a classic script. */
  scriptTag(name: string, options?: TagOptions): string
  /** `<script type="module">`, preceded by preloads of its imports. */
  moduleTag(name: string, options?: TagOptions): string
  /** `<link rel="preload">` with the matching `as`, or `modulepreload` with `{ as: 'module' }`. */
  preloadTag(name: string, options?: TagOptions): string
  /**
   * All tags of an entry of Vite, by its source: `viteTags('src/main.js')`. Of the build: its stylesheets, preloads of
   * its imports, the module. Options that are attributes go to the module. In development, with the option `live.vite`:
   * the same from Vite's dev server.
   */
  viteTags(entry: string, options?: TagOptions): string
  /**
   * `<meta>` with the version of the build in service, and the script that raises the event `fingerpost:outdated` when there
   * is a newer one. `{ script: false }` leaves out the script, for pages that import `fingerpost/client`.
   */
  versionTag(options?: TagOptions): string
  /**
   * A small file of the option `inline`, inside the page: `<style>`, `<script>`, or an SVG image as it is. Options are
   * attributes. `app.staticCsp()` has the hashes for the policy. @throws FingerpostError `FP_CONFIG` for another file
   */
  inline(name: string, options?: TagOptions): string
  /** `<script type="importmap">` with these specifiers, the URLs of their files, and integrity. Default: that of the build. */
  importMapTag(imports?: Readonly<Record<string, string>>, options?: TagOptions): string
}

/** What helpers know about a request. */
export interface RequestFacts {
  /** `https://example.org`, for `absolute`. */
  readonly origin?: string | undefined
  /** The CSP nonce of the page. */
  readonly nonce?: string | undefined
  /** The nonce for stylesheets. Default: `nonce`. */
  readonly styleNonce?: string | undefined
  /** How pages notice a newer build; the plugin has it. */
  readonly version?: VersionFacts | undefined
  /** The files that can be put into pages; the plugin has them. */
  readonly inline?: ((name: string) => InlineFile) | undefined
}

/** A file that is put into a page. */
export interface InlineFile {
  /** The element around it; undefined for none. */
  readonly element: 'script' | 'style' | undefined
  /** As an HTML parser reads it: with `\n` for every line end. */
  readonly text: string
}

/** How pages notice a newer build. */
export interface VersionFacts {
  /** Where the version in service is, as text. */
  readonly url: string
  /** Where the script is that asks for it. */
  readonly script: string
  readonly integrity: string
  /** The version in service. */
  current(): string
}
