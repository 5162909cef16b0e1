import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A made-up file. */
export interface MadeFile {
  readonly path: string
  readonly content: string | Buffer
}

/**
 * Writes made-up files into a folder, unless the folder already holds what the same recipe wrote. Raise the recipe's
 * name when it changes.
 */
export async function writeFiles(folder: string, recipe: string, files: Iterable<MadeFile>): Promise<void> {
  const stamp = `${folder}.recipe`
  if ((await readFile(stamp, 'utf8').catch(() => '')) === recipe) return
  await rm(folder, { recursive: true, force: true })
  await rm(stamp, { force: true })
  const made = new Set<string>()
  for (const { path, content } of files) {
    const parent = dirname(join(folder, path))
    if (!made.has(parent)) await mkdir(parent, { recursive: true })
    made.add(parent)
    await writeFile(join(folder, path), content)
  }
  await writeFile(stamp, recipe)
}
