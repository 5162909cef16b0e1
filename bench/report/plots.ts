import type { Measurement } from '../result/measurement.ts'
import type { Plot, PlotSpec } from './plot.ts'
import { buildPlots, encoderPlots, growthPlots } from './plot-building.ts'
import { dictionaryPlots } from './plot-dictionaries.ts'
import { scanPlots } from './plot-scanning.ts'
import { servingPlots } from './plot-serving.ts'
import { startPlots } from './plot-starting.ts'

/** Every plot for which there are figures. */
export function plotsOf(measurements: readonly Measurement[]): readonly Plot[] {
  return [
    ...servingPlots(measurements),
    ...buildPlots(measurements),
    ...growthPlots(measurements),
    ...encoderPlots(measurements),
    ...scanPlots(measurements),
    ...startPlots(measurements),
    ...dictionaryPlots(measurements),
  ].filter(({ spec }) => valuesOf(spec).length > 0)
}

function valuesOf(spec: PlotSpec): readonly unknown[] {
  return (spec['data'] as { readonly values: readonly unknown[] }).values
}
