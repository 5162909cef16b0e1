/**
 * Ratios round by round: both samples of a round were taken side by side, so what slowed the machine in that round
 * slowed both. Rounds in which either failed are left out.
 */
export function pairedRatios(
  ours: readonly (number | null)[],
  theirs: readonly (number | null)[],
): readonly number[] {
  const ratios: number[] = []
  for (const [round, mine] of ours.entries()) {
    const other = theirs[round] ?? null
    if (mine !== null && other !== null && other !== 0) ratios.push(mine / other)
  }
  return ratios
}

/** Differences round by round, for what is a matter of "so much more": milliseconds of start, megabytes. */
export function pairedDifferences(
  ours: readonly (number | null)[],
  theirs: readonly (number | null)[],
): readonly number[] {
  const differences: number[] = []
  for (const [round, mine] of ours.entries()) {
    const other = theirs[round] ?? null
    if (mine !== null && other !== null) differences.push(mine - other)
  }
  return differences
}
