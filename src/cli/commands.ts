import type { Command } from './command.ts'

/** One line of `fingerpost --help`, and the way to the command itself. */
export interface CommandRow {
  readonly name: string
  /** What it does, in the imperative; fits on one line of 80 characters together with the name. */
  readonly summary: string
  /** Loaded when it is run: `fingerpost serve` must not pay for what a build needs. */
  readonly load: () => Promise<Command>
}

/** Every command, in the order of `--help`. A command is added by adding a row. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'build',
    summary: 'collect, fingerprint, rewrite, compress, publish',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  {
    name: 'find',
    summary: 'say which source a name comes from',
    load: async () => (await import('./commands/find.ts')).findCommand,
  },
  {
    name: 'serve',
    summary: 'serve a build, for a preview or a small site',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'check',
    summary: 're-read a build: files, digests, encodings, references',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  {
    name: 'prune',
    summary: 'remove what no kept build needs',
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  },
  {
    name: 'pack',
    summary: 'write a build into an archive, for build --previous',
    load: async () => (await import('./commands/pack.ts')).packCommand,
  },
  {
    name: 'cache',
    summary: 'say where the build cache is, or clear it',
    load: async () => (await import('./commands/cache.ts')).cacheCommand,
  },
  {
    name: 'publish',
    summary: 'bring a build into a bucket',
    load: async () => (await import('./commands/publish.ts')).publishCommand,
  },
  {
    name: 'nginx',
    summary: 'print an nginx configuration, or check one',
    load: async () => (await import('./commands/nginx.ts')).nginxCommand,
  },
  {
    name: 'media',
    summary: 'tidy up after crashed uploads, list files no longer used',
    load: async () => (await import('./commands/media.ts')).mediaCommand,
  },
  {
    name: 'types',
    summary: 'write a .d.ts with the names, for static() and editors',
    load: async () => (await import('./commands/types.ts')).typesCommand,
  },
]
