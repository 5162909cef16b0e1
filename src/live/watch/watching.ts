import { statSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import type { LiveWatch } from './watch.ts'

/** Folders that nobody edits, and that hold more than all others together. */
const IGNORED_NAMES: ReadonlySet<string> = new Set(['.git', 'node_modules'])

type Look = (change: { readonly isNew: boolean }) => Promise<boolean>

/** Looks whenever something in the folders may have changed, until the app closes. */
export async function watchSources(
  app: FastifyInstance,
  folders: readonly string[],
  look: Look,
): Promise<void> {
  await watch(app, folders, look)
}

/**
 * Calls back when a file in folders of templates has changed, come or gone.
 *
 * @throws FingerpostError `FP_CONFIG` for what is no folder
 */
export async function watchPages(
  app: FastifyInstance,
  folders: readonly string[],
  onChange: () => void,
): Promise<void> {
  if (folders.length === 0) return
  for (const folder of folders) refuseOther(folder)
  const { takeFolderSnapshot } = await import('./folder-snapshot.ts')
  const snapshot = await takeFolderSnapshot(folders, IGNORED_NAMES)
  await watch(app, folders, async () => {
    const hasChanged = await snapshot.hasChanged()
    if (hasChanged) onChange()
    return hasChanged
  })
}

async function watch(app: FastifyInstance, folders: readonly string[], look: Look): Promise<void> {
  const { startLiveWatch } = await import('./watch.ts')
  const watching: LiveWatch = startLiveWatch({
    folders,
    ignoredNames: IGNORED_NAMES,
    look,
    onUnavailable: (error) =>
      app.log.warn(
        error,
        `fingerpost is not told of changes in ${folders.join(', ')} by the system and looks every half second instead`,
      ),
  })
  app.addHook('onClose', async () => watching.close())
}

function refuseOther(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  throw new FingerpostError('FP_CONFIG', `live.watch names ${folder}, which is no folder.`, {
    remedy: 'Name folders of templates, relative to the working directory.',
    details: { folder },
  })
}
