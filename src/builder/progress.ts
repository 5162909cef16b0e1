import type { LogicalPath } from '../core/path.ts'
import type { SourceFile } from '../sources/finder.ts'
import type { BuildEvent } from './report.ts'

/** Tells how far encoding is. @returns to be called with each file that is done */
export function createProgress(
  files: ReadonlyMap<LogicalPath, SourceFile>,
  report: (event: BuildEvent) => void,
): (file: SourceFile) => void {
  let totalBytes = 0
  for (const file of files.values()) totalBytes += file.size
  let done = 0
  let bytes = 0
  const tell = () => report({ kind: 'progress', step: 'encode', done, total: files.size, bytes, totalBytes })
  report({ kind: 'step', step: 'encode' })
  tell()
  return (file) => {
    done++
    bytes += file.size
    tell()
  }
}
