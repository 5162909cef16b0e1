/** Content that was received under a name of its own, or under a new name. Until `commit` it replaces nothing. */
export interface StagedFile {
  /** The name it has after `commit`. */
  readonly name: string
  readonly hasVariants: boolean
  /** Copies what has the name, so that it can come back after `commit`. Undefined if `commit` replaces nothing. */
  preserve(): Promise<PreservedFile | undefined>
  /** Replaces what has the name, in one step; variants follow. */
  commit(): Promise<void>
  /** Removes the content; what has the name stays. */
  discard(): Promise<void>
}

/** What had a name before a `commit`, possibly nothing. */
export interface PreservedFile {
  /**
   * Brings it back if the name still has what `commit` gave it; what another upload has put there since stays. A picture
   * has no variants then: it is shown in their place. Removes the copy, unless the storage fails.
   */
  restore(): Promise<void>
  /** Removes the copy. */
  drop(): Promise<void>
}

/**
 * Brings files under their names, all or none: if one can't be, those before it have what they replaced again. Only where
 * the storage refuses that too, or the process is killed meanwhile, some names have the new content and others the old;
 * copies of what was replaced stay until they are swept.
 */
export async function commitAll(files: readonly StagedFile[]): Promise<void> {
  const preserved: (PreservedFile | undefined)[] = []
  const isOneStep = files.length === 1 && files[0]?.hasVariants === false
  try {
    if (!isOneStep) for (const file of files) preserved.push(await file.preserve())
    for (const file of files) await file.commit()
  } catch (error) {
    await settleAll(preserved, (each) => each.restore())
    throw error
  }
  await settleAll(preserved, (each) => each.drop())
}

/** Goes on where one fails: what stays is swept. */
async function settleAll(
  preserved: readonly (PreservedFile | undefined)[],
  settle: (each: PreservedFile) => Promise<void>,
): Promise<void> {
  await Promise.allSettled(preserved.map((each) => each && settle(each)))
}
