import { codeLikeText, randomBytes } from './content.ts'
import { between, createRandom } from './random.ts'
import type { MadeFile } from './write-files.ts'

export const GROWTH_RECIPE = 'growth 1'

const FILES_PER_FOLDER = 400

/** The file that "one change" edits: a picture that one style sheet names. */
export const CHANGED_FILE = 'part-0/icon-0.svg'

/**
 * A site of so many files, none like another: of twenty files ten are small icons, four modules that import one
 * another, three style sheets that name icons, one data file and two pictures that don't shrink.
 */
export function* growthSite(count: number): Generator<MadeFile> {
  for (let i = 0; i < count; i++) yield growthFile(i)
}

function growthFile(index: number): MadeFile {
  const folder = `part-${Math.floor(index / FILES_PER_FOLDER)}`
  const place = index % FILES_PER_FOLDER
  const random = createRandom(index + 1)
  const kind = place % 20
  if (kind < 10)
    return { path: `${folder}/icon-${place}.svg`, content: icon(index, between(random, 300, 900)) }
  if (kind < 14) return { path: `${folder}/module-${place}.js`, content: moduleText(index, place) }
  if (kind < 17) return { path: `${folder}/style-${place}.css`, content: styleText(index, place) }
  if (kind < 18)
    return {
      path: `${folder}/data-${place}.json`,
      content: JSON.stringify({ index, text: codeLikeText(index, 900) }),
    }
  return { path: `${folder}/picture-${place}.png`, content: randomBytes(index, between(random, 500, 2_500)) }
}

function icon(index: number, bytes: number): string {
  const random = createRandom(index)
  let path = `M${index % 512} 0`
  while (path.length < bytes) path += `l${between(random, -99, 99)} ${between(random, -99, 99)}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512"><path d="${path}z"/></svg>`
}

function moduleText(index: number, place: number): string {
  // The first module of each four stands alone, the others import the one before: chains of four, as in small packages.
  const before = place % 20 === 10 ? '' : `import './module-${place - 1}.js'\n`
  return `${before}export const text${index} = ${JSON.stringify(codeLikeText(index, 1_500))}\n`
}

function styleText(index: number, place: number): string {
  // Of the icons of the same twenty the style sheet names three; 14, 15 and 16 name nine in all.
  const first = place - (place % 20) + ((place % 20) - 14) * 3
  const rules = [0, 1, 2].map((i) => `.i${index}-${i} { background: url('icon-${first + i}.svg') no-repeat }`)
  return `${rules.join('\n')}\n/*${codeLikeText(index, 1_200)}*/\n`
}
