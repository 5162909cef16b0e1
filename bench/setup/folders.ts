import { join, resolve } from 'node:path'

/** The repository this suite stands in. */
export const REPOSITORY = resolve(import.meta.dirname, '..', '..')

/** Where everything the suite downloads, generates and builds is kept; ignored by git and safe to remove. */
export const CACHE = join(REPOSITORY, '.cache', 'bench')

/** The suite's own files that other programs read: WSGI applications, pinned package lists. */
export const SUITE = join(REPOSITORY, 'bench')
