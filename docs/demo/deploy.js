import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { build } from 'fingerpost/build'
import config from './fingerpost.config.js'

const HERE = import.meta.dirname

/** A source before all others, with the one file that a deploy changes. */
const CHANGE = join(HERE, '../../.cache/demo-change')
const FILE = 'vendor/bootstrap/css/bootstrap.min.css'
const ORIGINAL = join(HERE, '../../node_modules/bootstrap/dist/css/bootstrap.min.css')

/**
 * The button "Deploy a change": changes one line, builds over the build in service, and takes the new one into service.
 * On a Node that can, the build also makes deltas, so that browsers download only what changed.
 */
export function addDeploy(app, root) {
  app.post('/deploy', async () => {
    const original = await readFile(ORIGINAL, 'utf8')
    await mkdir(dirname(join(CHANGE, FILE)), { recursive: true })
    await writeFile(join(CHANGE, FILE), `/* deployed at ${new Date().toISOString()} */\n${original}`)
    const sources = [CHANGE, ...config.sources]
    const { work } = await build({ ...config, sources, out: root }, { cwd: HERE })
    await app.staticReload()
    return { written: work.written }
  })
}
