// Serves the built demo. Started by `npm run demo`.
import { join } from 'node:path'
import { createApp } from './app.js'

const app = await createApp({ root: join(import.meta.dirname, 'staticfiles') })
const url = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080) })
console.log(`\nThe demo is at ${url}   (Ctrl-C ends it)`)

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
