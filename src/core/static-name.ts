/**
 * The names of the build, filled in by the file that `fingerpost types` writes:
 * `declare module 'fingerpost' { interface StaticNames { 'css/site.css': true } }`. Empty without it.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled in by declaration merging
export interface StaticNames {}

/** A name `static` takes: any text, or, with {@link StaticNames} filled in, one of the build, with or without suffix. */
export type StaticName = keyof StaticNames extends never
  ? string
  : keyof StaticNames | `${keyof StaticNames}${'?' | '#'}${string}`
