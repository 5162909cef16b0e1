import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyPluginAsync } from 'fastify'

/** What the process is told. */
export interface LiveRequest {
  readonly dist: string
  /** Searched in this order; the file that is saved lies in the first. */
  readonly sources: readonly string[]
  /** A stylesheet, relative to the first source. */
  readonly file: string
  readonly saves: number
}

/** Milliseconds of every save. */
export interface LiveTimes {
  /** From before the save to the new name. */
  readonly named: readonly number[]
  /** From before the save to the whole answer to a request for the new name. */
  readonly answered: readonly number[]
}

/** Between two saves: nobody saves faster, and what the first has set off is done. */
const REST_MS = 150

const { dist, sources, file, saves } = JSON.parse(process.argv[2] ?? '') as LiveRequest
const { default: plugin } = (await import(pathToFileURL(join(dist, 'index.js')).href)) as {
  readonly default: FastifyPluginAsync<Record<string, unknown>>
}
const app = Fastify()
await app.register(plugin, { live: true, sources })
const origin = await app.listen({ host: '127.0.0.1', port: 0 })
const { static: nameOf } = app as unknown as { static(name: string): string }

const times = { named: [] as number[], answered: [] as number[] }
await answer(origin + nameOf(file))
for (let save = 0; save < saves; save++) {
  await delay(REST_MS)
  const before = nameOf(file)
  await delay(0)
  const begun = performance.now()
  writeFileSync(join(sources[0] ?? '', file), stylesheet(save))
  // The next turn of the event loop, as for a request.
  await new Promise(setImmediate)
  const after = nameOf(file)
  times.named.push(performance.now() - begun)
  if (after === before) throw new Error('the name is the old one')
  await answer(origin + after)
  times.answered.push(performance.now() - begun)
}
await app.close()
process.stdout.write(JSON.stringify(times))

/** An ordinary one: it imports one of the tree's, names three of its pictures, and has 200 rules. */
function stylesheet(save: number): string {
  const rules = Array.from({ length: 200 }, (_, i) => `.rule-${i} { margin: ${i}px; order: ${save} }\n`)
  const pictures = [0, 1, 2].map((i) => `.icon-${i} { background: url(part-0/icon-${i}.svg) }\n`)
  return `@import "part-0/style-14.css";\n${pictures.join('')}${rules.join('')}`
}

function answer(url: string): Promise<void> {
  return new Promise((answered, failed) => {
    get(url, (response) => {
      response.resume().on('end', () => answered())
      if (response.statusCode !== 200) failed(new Error(`${url}: status ${response.statusCode}`))
    }).on('error', failed)
  })
}
