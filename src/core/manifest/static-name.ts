/**
 * The names of the build, filled in by the file that `fingerpost types` writes:
 * `declare module 'fingerpost' { interface StaticNames { 'css/site.css': true } }`. Empty without it.
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled in by declaration merging
export interface StaticNames {}

/**
 * What `static` takes where it is given `T`: any text, or, with {@link StaticNames} filled in, a name of the build, with or
 * without suffix. A question asked of each call, not a union of all names with all suffixes: that took the compiler
 * seconds (`npm run bench -- live`).
 */
export type StaticName<T extends string = string> = keyof StaticNames extends never
  ? T
  : T extends keyof StaticNames
    ? T
    : WithoutSuffix<T> extends keyof StaticNames
      ? T
      : keyof StaticNames

type WithoutSuffix<T extends string> = T extends `${infer Name}?${string}`
  ? WithoutFragment<Name>
  : WithoutFragment<T>

type WithoutFragment<T extends string> = T extends `${infer Name}#${string}` ? Name : T
