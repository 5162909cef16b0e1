import type { Digester } from '../core/digest.ts'
import type { Collection } from '../sources/finder.ts'
import type { BuildCache } from './cache/cache.ts'
import type { RecipesFor } from './compress/compression-rule.ts'
import type { HeadStart } from './compress/eager.ts'
import type { Encoder } from './compress/encoder.ts'
import type { VariantMaker } from './compress/variant.ts'
import type { Surroundings } from './environment.ts'
import type { PreviousBuild } from './publish/previous.ts'
import type { SourceReader } from './read/source-reader.ts'
import type { BuildConfig } from './settings/options.ts'

/** What every step of a build works with. */
export interface Workshop {
  readonly collection: Collection
  readonly config: BuildConfig
  readonly surroundings: Surroundings
  readonly digester: Digester
  readonly reader: SourceReader
  readonly cache: BuildCache
  readonly encoder: Encoder
  /** Whose files are carried forward. */
  readonly previous?: PreviousBuild | undefined
}

/** A workshop at work on one build. */
export interface Work extends Workshop {
  readonly variants: VariantMaker
  readonly recipesFor: RecipesFor
  readonly headStart: HeadStart
  /** Aborted when the build ends, for whatever reason: what hasn't begun then never does. */
  readonly ending: AbortController
  /** Aborted with the ending, and when somebody outside says so. */
  readonly signal: AbortSignal
}
