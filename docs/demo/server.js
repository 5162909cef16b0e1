// Serves the demo: node docs/demo/server.js [FOLDER | --live]. Started by `npm run demo` and `npm run dev`.
import { join } from 'node:path'
import { createApp } from './app.js'
import { chooseStorage } from './profile.js'

const HERE = import.meta.dirname

const [argument = join(HERE, 'staticfiles')] = process.argv.slice(2)
const isLive = argument === '--live'
const live = { config: join(HERE, 'fingerpost.config.js'), watch: [join(HERE, 'views')] }
const served = isLive ? { live } : { root: argument }
const app = await createApp(served, chooseStorage(process.env))
const url = await listen()
console.log(`\nThe demo is at ${url}   (Ctrl-C ends it)`)
if (isLive) console.log('Edit a file in docs/demo/static or docs/demo/views and look at the page.')

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())

/** On PORT; without it on 8080, or on any free port where that is taken. */
async function listen() {
  const { PORT } = process.env
  try {
    return await app.listen({ host: '127.0.0.1', port: Number(PORT ?? 8080) })
  } catch (error) {
    if (error.code !== 'EADDRINUSE' || PORT !== undefined) throw error
    return app.listen({ host: '127.0.0.1', port: 0 })
  }
}
