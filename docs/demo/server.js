// Serves the built demo: node docs/demo/server.js [FOLDER]. Started by `npm run demo`.
import { join } from 'node:path'
import { createApp } from './app.js'

const root = process.argv[2] ?? join(import.meta.dirname, 'staticfiles')
const app = await createApp({ root })
const url = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) })
console.log(`\nThe demo is at ${url}   (Ctrl-C ends it)`)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
