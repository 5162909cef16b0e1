import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/**
 * A key as the disk spells it, which may ignore case and Unicode forms; links keep their own names.
 *
 * @returns undefined for another name of a file that has none of this spelling, such as a short name (`INVOIC~1`)
 * @throws the system's error if the file doesn't exist
 */
export function spellingOnDisk(root: string, key: string): string | undefined {
  if (process.platform !== 'linux')
    return spellingOf(key, realpathSync.native(root), realpathSync.native(join(root, key)))
  // Linux tells every name as it was asked for. Only a folder where another spelling leads somewhere is listed.
  let spelled = ''
  for (const segment of key.split('/')) {
    const folder = join(root, spelled)
    const other = otherSpelling(segment)
    const name =
      other !== segment && existsSync(join(folder, other)) ? findName(readdirSync(folder), segment) : segment
    if (name === undefined) return undefined
    spelled = spelled === '' ? name : `${spelled}/${name}`
  }
  return spelled
}

/** The key of a real path, unless that belongs to another name to which a link leads. */
export function spellingOf(key: string, realRoot: string, real: string): string {
  const found = relative(realRoot, real).replaceAll(sep, '/')
  return fold(found) === fold(key) ? found : key
}

function findName(names: readonly string[], wanted: string): string | undefined {
  return names.includes(wanted) ? wanted : names.find((name) => fold(name) === fold(wanted))
}

/** The letters in the other case; without any, the accents in the other form. */
function otherSpelling(name: string): string {
  const swapped = name.replace(/\p{L}/gu, (letter) => {
    const upper = letter.toUpperCase()
    const other = upper === letter ? letter.toLowerCase() : upper
    return other.length === letter.length ? other : letter
  })
  if (swapped !== name) return swapped
  const decomposed = name.normalize('NFD')
  return decomposed === name ? name.normalize('NFC') : decomposed
}

function fold(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase()
}
