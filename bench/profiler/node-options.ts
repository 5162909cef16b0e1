/** The options with which Node writes its CPU and allocation profile into a folder; none for no folder. */
export function profilerOptions(folder: string | undefined): readonly string[] {
  if (folder === undefined) return []
  return ['--cpu-prof', '--heap-prof', `--cpu-prof-dir=${folder}`, `--heap-prof-dir=${folder}`]
}
