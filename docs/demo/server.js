// Serves the built demo: node docs/demo/server.js [FOLDER]. Started by `npm run demo`.
import { join } from 'node:path'
import { createApp } from './app.js'
import { chooseStorage } from './profile.js'

const root = process.argv[2] ?? join(import.meta.dirname, 'staticfiles')
const app = await createApp({ root }, chooseStorage(process.env))
const url = await listen()
console.log(`\nThe demo is at ${url}   (Ctrl-C ends it)`)

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
