import { isCompressible } from '../../core/media-type.ts'
import type { LogicalPath } from '../../core/path.ts'
import { QUALITIES } from '../settings/option-parsers.ts'
import type { BuildConfig } from '../settings/options.ts'
import { canEncode, type Recipe } from './encoder.ts'

/** Which siblings a file should have; none for what is compressed already. */
export type RecipesFor = (path: LogicalPath) => readonly Recipe[]

/** Reads the `encodings` and `compress` options; what this runtime can't encode is left out. */
export async function createRecipes(
  config: Pick<BuildConfig, 'encodings' | 'compress'>,
): Promise<RecipesFor> {
  const { encodings, compress } = config
  const standard = encodings
    .filter(canEncode)
    .map((encoding) => ({ encoding, quality: QUALITIES[encoding].default }))
  if (compress.length === 0) return (path) => (isCompressible(path) ? standard : [])
  const { default: picomatch } = await import('picomatch')
  const rules = compress.map(([glob, rule]) => ({
    // Without a slash a glob is about the name alone, in any folder.
    matches: picomatch(glob, { dot: true, basename: !glob.includes('/') }),
    recipes: rule === false ? [] : standard.flatMap((recipe) => applyQuality(recipe, rule[recipe.encoding])),
  }))
  return (path) => {
    if (!isCompressible(path)) return []
    return rules.find(({ matches }) => matches(path))?.recipes ?? standard
  }
}

function applyQuality(recipe: Recipe, quality: number | false | undefined): readonly Recipe[] {
  if (quality === false) return []
  return [quality === undefined ? recipe : { ...recipe, quality }]
}
