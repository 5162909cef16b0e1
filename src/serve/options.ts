import type { CacheLimits } from '../http/body-cache.ts'
import type { HeaderRule, HeaderSettings } from '../http/header-rules.ts'
import type { SourceOption } from '../sources/source.ts'
import type { RemoteManifest } from './manifest-source.ts'

/** Values of Cross-Origin-Resource-Policy (Fetch §3.7). */
export const RESOURCE_POLICIES = ['same-origin', 'same-site', 'cross-origin'] as const

/** How live mode behaves. */
export interface LiveModeOptions {
  /** Put a script into HTML pages that shows a save, and what is wrong, at once. Default true. */
  readonly reload?: boolean
  /**
   * Folders of templates: a change in them makes pages load anew, unless `reload` is false. Relative to the working
   * directory. Default none.
   */
  readonly watch?: readonly string[]
  /** The config file. Default `fingerpost.config.{ts,mts,js,mjs,json}` in the working directory. */
  readonly config?: string
  /**
   * Hosts to answer for besides `localhost`, IP addresses and the name of this machine: `['shop.test', '.example.org']`,
   * with a dot for all subdomains; true for any. Default none.
   */
  readonly allowedHosts?: readonly string[] | true
  /** Serve live although `NODE_ENV` is `production`. Default false. */
  readonly force?: boolean
}

/** Options of the Fastify plugin. */
export interface FingerpostOptions {
  /** The folder of a build, the one with `manifest.json`; relative to the working directory. Default `staticfiles`. */
  readonly root?: string
  /**
   * A manifest that lies elsewhere, with the files of its build: the address of it, or a function that gives its text.
   * The plugin then only makes URLs and adds no routes. Default: the one in `root`.
   */
  readonly manifest?: RemoteManifest
  /**
   * Serve the sources themselves, for development: no build, and every save visible at the next request. Refused where
   * `NODE_ENV` is `production`. Default false.
   */
  readonly live?: boolean | LiveModeOptions
  /** With `live`: folders to serve. Default: those of the config file, with all its other options. */
  readonly sources?: readonly SourceOption[]
  /** The path this server answers below. Default: the path of the manifest's `url`. */
  readonly prefix?: string
  /** Add `static` and its kin to the app and its replies. Default true; false for all builds but one in a scope. */
  readonly decorate?: boolean
  /** Answer before Fastify routes: fastest, but no hook and no log sees the request. Default false. */
  readonly shortCircuit?: boolean
  /** Leave what the build doesn't have to the app's own not-found handler. Default false: a plain 404, `no-store`. */
  readonly fallthrough?: boolean
  /**
   * Files of the build that are also to be had at the root of the scope: `['favicon.ico', '.well-known/security.txt']`,
   * or by path: `{ '/favicon.ico': 'icons/favicon.ico' }`. Revalidating, like all logical names. Default none.
   */
  readonly rootFiles?: readonly string[] | Readonly<Record<string, string>>
  /** The file that answers for a folder, e.g. `index.html`; `docs` is then redirected to `docs/`. Default none. */
  readonly index?: string | false
  /** Look for a new build while running, every so many milliseconds; false for never. Default 1000, for `manifest` 60,000. */
  readonly watch?: boolean | { readonly intervalMs?: number }
  /** Send what `reply.preload` finds as 103 Early Hints too, as soon as it is called. Default false. */
  readonly earlyHints?: boolean
  /**
   * Folders outside the build for `reply.sendFile` and `reply.download` of @fastify/static, which this then registers
   * without routes. Default none.
   */
  readonly folders?: readonly string[]
  /** Cache-Control of hashed names (default one year, immutable) and of logical ones (default `no-cache`). */
  readonly cacheControl?: { readonly hashed?: string; readonly logical?: string }
  /** Access-Control-Allow-Origin. Default `*`, in live mode none; false for none. */
  readonly cors?: string | false
  /** Cross-Origin-Resource-Policy. Default none. */
  readonly crossOriginResourcePolicy?: (typeof RESOURCE_POLICIES)[number] | false
  /** Timing-Allow-Origin. Default none. */
  readonly timingAllowOrigin?: string | false
  /** Last-Modified of every file. Default none: ETags do better, and are the same on every host. */
  readonly lastModified?: Date | false
  /** Further headers by glob; later rules win. */
  readonly headers?: readonly HeaderRule[]
  /** Seconds a client may take nothing of an answer before its connection is closed. Default 60. */
  readonly stallSeconds?: number
  /** Memory for response bodies; false for none. Default 64 MiB in all, 8 MiB for one body. */
  readonly cache?: { readonly maxBytes?: number; readonly maxBodyBytes?: number } | false
}

/** {@link LiveModeOptions}, complete. */
export interface LiveSettings {
  readonly reload: boolean
  /** Absolute. */
  readonly watch: readonly string[]
  readonly config: string | undefined
  /** Lower case. */
  readonly allowedHosts: readonly string[] | true
  readonly force: boolean
  /** undefined: those of the config file. */
  readonly sources: readonly SourceOption[] | undefined
}

/** The options, checked and complete. */
export interface ServeSettings {
  /** undefined: a build is served. */
  readonly live: LiveSettings | undefined
  /** Absolute. */
  readonly root: string
  /** Undefined for the one in `root`. */
  readonly manifest: RemoteManifest | undefined
  /** With a slash at both ends; undefined for the manifest's. */
  readonly prefix: string | undefined
  readonly decorate: boolean
  readonly shortCircuit: boolean
  readonly fallthrough: boolean
  /** Logical paths by the path they answer at. */
  readonly rootFiles: Readonly<Record<string, string>>
  readonly index: string | undefined
  /** Milliseconds between two looks for a new build; undefined for no look at all. */
  readonly watchIntervalMs: number | undefined
  readonly earlyHints: boolean
  /** Absolute. */
  readonly folders: readonly string[]
  readonly headers: HeaderSettings
  readonly rules: readonly HeaderRule[]
  /** Milliseconds a client may take nothing of an answer. */
  readonly stallMs: number
  readonly cache: CacheLimits
}
