import type { Subject } from './result/measurement.ts'
import { installPackages, type PackageSet } from './setup/packages.ts'
import { newerRuntime, type Runtime } from './setup/runtimes.ts'
import type { PlanInput, PlanSubject, Stage } from './subjects/bench.ts'
import { planBuilding } from './subjects/build.ts'
import { planDictionaries } from './subjects/dictionaries.ts'
import { planLive } from './subjects/live.ts'
import { planMemory } from './subjects/memory.ts'
import { planPackages } from './subjects/packages.ts'
import { planScanning } from './subjects/scan.ts'
import { planServing } from './subjects/serve.ts'
import { planStartup } from './subjects/startup.ts'
import { planTicks } from './subjects/ticks.ts'

/** Every subject's stages; a new subject is a name in `SUBJECTS` and a line here. */
const PLANS: Readonly<Record<Subject, PlanSubject>> = {
  serve: (input) => [...planServing(input), ...planTicks(input)],
  build: planBuilding,
  scan: planScanning,
  startup: planStartup,
  memory: planMemory,
  live: planLive,
  dictionaries: planDictionaries,
  packages: planPackages,
}

/** The stages of some subjects, in order. */
export function planStages(subjects: readonly Subject[], input: PlanInput): readonly Stage[] {
  return subjects.flatMap((subject) => PLANS[subject](input))
}

/** What must be installed before a subject is measured. */
const PACKAGES: Readonly<Record<Subject, readonly PackageSet[]>> = {
  serve: [],
  build: ['peers', 'sites'],
  scan: ['peers', 'sites'],
  startup: [],
  memory: ['sites'],
  live: [],
  dictionaries: ['releases'],
  packages: ['releases'],
}

/** Installs what some subjects need, one set after the other. The first time that takes a minute or two. */
export async function installFor(subjects: readonly Subject[], say: (text: string) => void): Promise<void> {
  for (const set of new Set(subjects.flatMap((subject) => PACKAGES[subject]))) await installPackages(set, say)
}

const ON_NEWER: ReadonlySet<Subject> = new Set(['serve', 'dictionaries', 'packages'])

/** The newer Node, if anything among these subjects is measured on it. */
export async function newerRuntimeFor(
  { subjects, quick }: { readonly subjects: readonly Subject[]; readonly quick: boolean },
  say: (text: string) => void,
): Promise<Runtime | undefined> {
  return quick || !subjects.some((subject) => ON_NEWER.has(subject)) ? undefined : newerRuntime(say)
}
