import { join } from 'node:path'
import { choosePinning } from '../measure/pin.ts'
import { runForJson } from '../measure/pinned-json.ts'
import { interleave } from '../measure/rounds.ts'
import { compiled } from '../setup/compile.ts'
import { siteFolder } from '../setup/packages.ts'
import { type Bench, type PlanSubject, recordMetric } from './bench.ts'

/** Files of three sizes and kinds, about 1 MB in all. */
const SAMPLES: readonly (readonly [packageName: string, file: string])[] = [
  ['bootstrap', 'dist/css/bootstrap.css'],
  ['bootstrap', 'dist/js/bootstrap.bundle.js'],
  ['katex', 'dist/katex.mjs'],
  ['leaflet', 'dist/leaflet.css'],
  ['@fortawesome/fontawesome-free', 'svgs/brands/github.svg'],
]

const ENCODERS = [
  { encoder: 'gzip', name: 'zlib gzip', qualities: [1, 6, 9] },
  { encoder: 'brotli', name: 'zlib brotli', qualities: [1, 5, 9, 10, 11] },
  { encoder: 'wasm', name: 'brotli-wasm', qualities: [1, 5, 9, 10, 11] },
] as const

interface Encoded {
  readonly input: number
  readonly output: number
  readonly cpuMs: number
}

/** The encoders a build can use, by quality: bytes a second of one core, and what is left of the bytes. */
export const planEncoders: PlanSubject = ({ settings }) => [
  {
    ...{ subject: 'build', name: 'encoders', seconds: settings.quick ? 2 : 32 },
    measure: measureEncoders,
  },
]

async function measureEncoders(bench: Bench): Promise<void> {
  const { quick } = bench.settings
  const files = SAMPLES.map(([name, file]) => join(siteFolder(name), file))
  const all = ENCODERS.flatMap(({ encoder, name, qualities }) =>
    qualities.map((quality) => ({ encoder, quality, contestant: `${name} ${quality}` })),
  )
  const { server } = choosePinning(bench.tools)
  const samples = await interleave({
    contestants: quick ? all.filter(({ quality }) => quality === 5 || quality === 9) : all,
    rounds: quick ? 1 : 5,
    measure({ encoder, quality }) {
      const script = compiled('builders/encoder-process.ts')
      const line = [bench.runtime.path, script, encoder, String(quality), ...files]
      return runForJson<Encoded>(server, line, 120_000)
    },
    onRound: bench.onRound,
    onFailure: ({ contestant }, error) => bench.note(`${contestant}: ${error.message}`),
  })
  for (const [{ contestant }, encoded] of samples) {
    const about = { subject: 'build', profile: 'encoders', contestant, runtime: bench.runtime.name } as const
    const speed = { metric: 'speed', unit: 'MB/s', better: 'more' } as const
    const ratio = { metric: 'bytes left', unit: '%', better: 'less' } as const
    recordMetric(bench, about, speed, encoded, ({ input, cpuMs }) => input / 1000 / cpuMs)
    recordMetric(bench, about, ratio, encoded, ({ input, output }) => (100 * output) / input)
  }
}
