import { comparePaths, type LogicalPath } from '../core/path.ts'

/** The text of a declaration file that fills in `StaticNames`: the same names, the same text. */
export function formatNameTypes(names: Iterable<LogicalPath>): string {
  const lines = [...names].sort(comparePaths).map((name) => `    ${JSON.stringify(name)}: true\n`)
  return `// Written by fingerpost types.\nimport 'fingerpost'\n\ndeclare module 'fingerpost' {\n  interface StaticNames {\n${lines.join('')}  }\n}\n`
}
