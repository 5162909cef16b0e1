import type { NginxDirective } from './syntax.ts'

/** What the check knows of the site besides the configuration. */
export interface NginxExpectations {
  /** The folder of the build. Absolute, as all folders here. */
  readonly build: string
  /** The folder of the media; undefined if the site has no media. */
  readonly media: string | undefined
  /** Locations that only the app may lead to. */
  readonly internal: readonly string[]
  /** Folders that only such locations may lead to, besides those that they name. */
  readonly privateFolders: readonly string[]
  /** Bytes of the largest request with uploads; undefined where there are none. */
  readonly maxRequestBytes: number | undefined
  /** Whether a folder has the code of an application. */
  readonly isProject: (folder: string) => boolean
}

/** One mistake. */
export interface NginxFinding {
  readonly code: FindingCode
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly message: string
  readonly remedy: string
}

export type FindingCode =
  | 'root-for-alias'
  | 'alias-slash'
  | 'missing-internal'
  | 'body-limit'
  | 'shadowed-header'
  | 'autoindex'
  | 'open-private'
  | 'open-manifest'
  | 'open-project'
  | 'missing-nosniff'
  | 'links-out'
  | 'long-cache'
  | 'hidden-header'
  | 'missing-folder'
  | 'unreadable-folder'

/** A finding at a directive. */
export function finding(
  code: FindingCode,
  { file, line }: NginxDirective,
  message: string,
  remedy: string,
): readonly NginxFinding[] {
  return [{ code, file, line, message, remedy }]
}
