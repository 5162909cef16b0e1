import type { Command } from './command.ts'

/** A command's line in `fingerpost --help`, and its module. */
export interface CommandRow {
  readonly summary: string
  /** Loaded only to run it or show its help: `fingerpost serve` must not load the builder. */
  readonly load: () => Promise<{ readonly command: Command }>
}

const row = (summary: string, load: CommandRow['load']): CommandRow => ({ summary, load })

/** All commands, in the order of `--help`. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  init: row('Show what a project needs, and write its config', () => import('./commands/init.ts')),
  build: row('Collect, fingerprint, rewrite and compress files', () => import('./commands/build.ts')),
  find: row('Show which source files have a name', () => import('./commands/find.ts')),
  why: row('Tell why a file is in the build', () => import('./commands/why.ts')),
  serve: row('Serve a build, or live sources with --live', () => import('./commands/serve.ts')),
  check: row('Verify files, digests, encodings and references', () => import('./commands/check.ts')),
  report: row('Write a page about a build, or compare two', () => import('./commands/report.ts')),
  prune: row('Remove files that no kept build needs', () => import('./commands/prune.ts')),
  pack: row('Write a build to an archive, for build --previous', () => import('./commands/pack.ts')),
  cache: row('Print the folder of the build cache, or clear it', () => import('./commands/cache.ts')),
  publish: row('Upload a build to an S3 bucket', () => import('./commands/publish.ts')),
  nginx: row('Print an nginx configuration, or check one', () => import('./commands/nginx.ts')),
  media: row('Clean up failed uploads, list unused files', () => import('./commands/media.ts')),
  types: row('Write a .d.ts file with the names of all files', () => import('./commands/types.ts')),
}
