import { mixedPaths, sizedPath } from '../profiles/serving-site.ts'

/** One way to load a server. */
export interface ServeProfile {
  readonly name: string
  /** Logical paths asked in turn; empty for a name that no build has. */
  readonly paths: readonly string[]
  readonly status: 200 | 304 | 404
}

/** As in the serving goals: what a browser says, 64 connections kept alive. */
export const ACCEPT_ENCODING = 'br;q=1, gzip;q=0.8'
export const CONNECTIONS = 64

/** A hashed name of a build that is long gone. */
export const MISSING_FILE = 'mixed/gone.0123456789abcdef.js'

export const SERVE_PROFILES: readonly ServeProfile[] = [
  { name: '20 files', paths: mixedPaths(), status: 200 },
  { name: '1 KB', paths: [sizedPath('1 KB')], status: 200 },
  { name: '10 KB', paths: [sizedPath('10 KB')], status: 200 },
  { name: '100 KB', paths: [sizedPath('100 KB')], status: 200 },
  { name: '1 MB', paths: [sizedPath('1 MB')], status: 200 },
  { name: '304', paths: [sizedPath('10 KB')], status: 304 },
  { name: '404', paths: [], status: 404 },
]
