import { basename, dirname } from 'node:path'
import { comparePaths, type LogicalPath } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'

/** The text of a declaration file that fills in `StaticNames`. The same names give the same text. */
function formatNameTypes(names: Iterable<LogicalPath>): string {
  const lines = [...names].sort(comparePaths).map((name) => `    ${JSON.stringify(name)}: true\n`)
  return `// Written by fingerpost.\nimport 'fingerpost'\n\ndeclare module 'fingerpost' {\n  interface StaticNames {\n${lines.join('')}  }\n}\n`
}

/** Saves that text, and makes its folder, unless the file has it already: watchers see real changes only. */
export async function saveNameTypes(
  file: string,
  names: Iterable<LogicalPath>,
): Promise<'written' | 'unchanged'> {
  const text = formatNameTypes(names)
  const folder = createFilesystemStorage({ root: dirname(file) })
  const name = basename(file)
  const isThere = (await folder.stat(name)) !== undefined
  if (isThere && (await folder.read(name)).toString() === text) return 'unchanged'
  await folder.save(name, Buffer.from(text), { overwrite: true })
  return 'written'
}
