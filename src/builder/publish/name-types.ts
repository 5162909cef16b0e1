import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isSystemError } from '../../core/error.ts'
import { comparePaths, type LogicalPath } from '../../core/path.ts'

/** The text of a declaration file that fills in `StaticNames`. The same names give the same text. */
export function formatNameTypes(names: Iterable<LogicalPath>): string {
  const lines = [...names].sort(comparePaths).map((name) => `    ${JSON.stringify(name)}: true\n`)
  return `// Written by fingerpost.\nimport 'fingerpost'\n\ndeclare module 'fingerpost' {\n  interface StaticNames {\n${lines.join('')}  }\n}\n`
}

/** Saves that text, and makes its folder, unless the file has it already: watchers see real changes only. */
export async function saveNameTypes(
  file: string,
  names: Iterable<LogicalPath>,
): Promise<'written' | 'unchanged'> {
  const text = formatNameTypes(names)
  if ((await readText(file)) === text) return 'unchanged'
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return 'written'
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
