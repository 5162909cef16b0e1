// By itself: the plugin's module offers it too, and a server must not load the options of builds for it.
import type { BuildOptions } from './options.ts'

/** Gives a config file's options their type, so that an editor knows them. Returns what it was given. */
export function defineConfig(options: BuildOptions): BuildOptions {
  return options
}
