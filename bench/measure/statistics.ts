/** What many samples come to. */
export interface Summary {
  readonly count: number
  readonly median: number
  /** First and third quartile: half of all samples lie between them. */
  readonly low: number
  readonly high: number
}

/** The value below which the share `q` (0 to 1) of the samples lies, interpolated. NaN without samples. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)]
  const above = sorted[Math.ceil(position)]
  if (below === undefined || above === undefined) return Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

export function summarise(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    median: median(samples),
    low: quantile(samples, 0.25),
    high: quantile(samples, 0.75),
  }
}

/**
 * The standard error of the median, estimated from the median absolute deviation, which one wild sample can't move.
 * 1.4826 makes it a standard deviation for normal noise, 1.2533 is the price of the median over the mean.
 */
export function medianError(samples: readonly number[]): number {
  const centre = median(samples)
  const deviation = median(samples.map((sample) => Math.abs(sample - centre)))
  return (1.2533 * 1.4826 * deviation) / Math.sqrt(samples.length)
}
