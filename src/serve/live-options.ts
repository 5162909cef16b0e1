import { asFlag, asListOf, asText, type Completed, type OptionTable, orFlag } from '../core/option.ts'
import type { SourceOption } from '../sources/source.ts'
import { asAddress, flagOrOptions, inFolders } from './option-parsers.ts'

/** How live mode behaves. */
export interface LiveModeOptions {
  /** Add a script to HTML pages that shows saves and errors at once. Default true. */
  readonly reload?: boolean
  /**
   * Folders of templates: a change in them reloads pages, unless `reload` is false. Relative to the working directory.
   * Default none.
   */
  readonly watch?: readonly string[]
  /** The config file. Default `fingerpost.config.{ts,mts,js,mjs,json}` in the working directory. */
  readonly config?: string
  /**
   * Hosts to answer for besides `localhost`, IP addresses and the name of this machine: `['shop.test', '.example.org']`,
   * with a dot for all subdomains; true for any. Default none.
   */
  readonly allowedHosts?: readonly string[] | true
  /**
   * Where `viteTags` finds Vite's dev server. True starts it in this app, on the same port, with the project's
   * `vite.config.js`. An address with Vite's `base`, such as `http://localhost:5173/static/`, is that of a server you start.
   * Sources that do not exist yet are left out: Vite's output may be one of them. Default false.
   */
  readonly vite?: boolean | string
  /** Serve live even if `NODE_ENV` is `production`. Default false. */
  readonly force?: boolean
}

/** A row for each of {@link LiveModeOptions}. */
const LIVE_TABLE = {
  reload: { parse: asFlag, default: true },
  watch: { parse: asListOf(asText), default: [], complete: inFolders },
  config: asText,
  allowedHosts: {
    parse: (value: unknown, where: string) => value === true || asListOf(asText)(value, where),
    default: [] as readonly string[] | true,
    complete: (hosts: readonly string[] | true) => hosts === true || hosts.map((host) => host.toLowerCase()),
  },
  vite: { parse: orFlag(asAddress), default: false as boolean | string },
  force: { parse: asFlag, default: false },
} satisfies OptionTable<LiveModeOptions>

/** The options of live mode, complete, with the sources that stand beside them. */
export interface LiveSettings extends Completed<typeof LIVE_TABLE> {
  readonly sources: readonly SourceOption[] | undefined
}

export const LIVE_MODE = flagOrOptions<LiveModeOptions, typeof LIVE_TABLE>(LIVE_TABLE)
