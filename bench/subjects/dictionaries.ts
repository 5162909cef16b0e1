import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { choosePinning } from '../measure/pin.ts'
import { runForJson } from '../measure/pinned-json.ts'
import { interleave } from '../measure/rounds.ts'
import { buildViteApp } from '../profiles/vite-app.ts'
import { compiled } from '../setup/compile.ts'
import { packageFolder } from '../setup/packages.ts'
import type { Runtime } from '../setup/runtimes.ts'
import { type Bench, CPU_TIME, type PlanSubject, recordMetric } from './bench.ts'
import { planDictionaryBuilds } from './dictionary-builds.ts'

/** The files of two releases that a site would load. A star stands for a bundler's hash. */
const RELEASES: Readonly<Record<string, readonly string[]>> = {
  bootstrap: ['dist/css/bootstrap.min.css', 'dist/js/bootstrap.bundle.min.js'],
  'chart.js': ['dist/chart.umd.min.js'],
  d3: ['dist/d3.min.js'],
  fontawesome: ['css/all.min.css', 'js/all.min.js'],
  katex: ['dist/katex.min.css', 'dist/katex.min.js'],
  monaco: [
    ...['min/vs/editor/editor.main.css', 'min/vs/editor-*.js'],
    ...['css', 'editor', 'html', 'json', 'ts'].map((name) => `min/vs/assets/${name}.worker-*.js`),
  ],
  plotly: ['plotly.min.js'],
  'react-dom': ['cjs/react-dom-client.production.js'],
  'swagger-ui': ['swagger-ui.css', 'swagger-ui-bundle.js'],
  three: ['build/three.core.js', 'build/three.module.js'],
  vue: ['dist/vue.global.prod.js'],
}

/** Longer processes than this are hung. */
const TIMEOUT_MS = 300_000

const CONTESTANTS = [
  { name: 'br 11', encoding: 'br' },
  { name: 'dcb', encoding: 'dcb' },
  { name: 'dcz 19', encoding: 'dcz' },
] as const

interface Encoded {
  readonly output: number
  readonly cpuMs: number
}

/** What a visitor who has the release before downloads, and what it costs to make. On a Node that makes deltas. */
export const planDictionaries: PlanSubject = ({ newer }) =>
  newer === undefined
    ? []
    : [
        {
          ...{ subject: 'dictionaries', name: 'two releases', seconds: 75 },
          measure: (bench) => measureReleases(bench, newer),
        },
        planDictionaryBuilds(newer),
      ]

async function measureReleases(bench: Bench, runtime: Runtime): Promise<void> {
  const { server } = choosePinning(bench.tools)
  const sites = [
    ['one line edited', editedPairs(bench.work)] as const,
    ['a Vite app, one page added', await viteAppPairs(bench.work)] as const,
    ...Object.entries(RELEASES).map(
      ([name, files]) => [name, files.flatMap((file) => pairOf(name, file))] as const,
    ),
  ]
  for (const [site, files] of sites) {
    const samples = await interleave({
      contestants: CONTESTANTS,
      rounds: 1,
      measure: ({ encoding }) =>
        runForJson<Encoded>(
          server,
          [runtime.path, compiled('builders/delta-process.ts'), encoding, ...files],
          TIMEOUT_MS,
        ),
      onFailure: ({ name }, error) => bench.note(`${site}, ${name}: ${error.message}`),
    })
    for (const [{ name }, encoded] of samples) {
      const about = { subject: 'dictionaries', profile: `release of ${site}`, contestant: name } as const
      const owner = { ...about, runtime: runtime.name }
      const bytes = { metric: 'download', unit: 'kB', better: 'less' } as const
      recordMetric(bench, owner, bytes, encoded, ({ output }) => output / 1000)
      recordMetric(bench, owner, CPU_TIME, encoded, ({ cpuMs }) => cpuMs)
    }
  }
}

function pairOf(name: string, file: string): readonly string[] {
  return ['before', 'after'].map((when) => {
    const folder = join(packageFolder('releases'), 'node_modules', `${name}-${when}`, dirname(file))
    const [start = '', end = ''] = file.slice(file.lastIndexOf('/') + 1).split('*')
    const found = readdirSync(folder).find((each) => each.startsWith(start) && each.endsWith(end))
    if (found === undefined) throw new Error(`${name} has no ${file}`)
    return join(folder, found)
  })
}

/** The files of bootstrap, with one line of each edited. */
function editedPairs(work: string): readonly string[] {
  return (RELEASES['bootstrap'] ?? []).flatMap((file) => {
    const [, after = ''] = pairOf('bootstrap', file)
    const edited = join(work, 'edited', file)
    mkdirSync(dirname(edited), { recursive: true })
    const text = readFileSync(after, 'utf8')
    const middle = text.indexOf(file.endsWith('.css') ? ';' : ',', text.length >> 1)
    writeFileSync(edited, `${text.slice(0, middle)}/* edited */${text.slice(middle)}`)
    return [after, edited]
  })
}

/** What a returning visitor of the start page downloads again. */
async function viteAppPairs(work: string): Promise<readonly string[]> {
  const [before, after] = await Promise.all(
    [3, 4].map((pages) => buildViteApp(join(work, `vite-${pages}`), pages, packageFolder('releases'))),
  )
  const isSame = (name: string) => existsSync(join(before ?? '', name))
  const stemOf = (name: string) => name.replace(/-[^-.]+(?=\.)/, '')
  const [old, changed] = [readdirSync(before ?? ''), readdirSync(after ?? '').filter((name) => !isSame(name))]
  return changed.flatMap((name) => {
    const earlier = old.find((each) => stemOf(each) === stemOf(name))
    return earlier === undefined ? [] : [join(before ?? '', earlier), join(after ?? '', name)]
  })
}
