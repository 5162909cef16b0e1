// Serves the documentation that `npm run docs` has built: npm run docs:serve
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import fingerpost from 'fingerpost'

const root = join(import.meta.dirname, '../../.cache/docs/staticfiles')
const app = Fastify({ forceCloseConnections: true })
await app.register(fingerpost, { root, index: 'index.html', fallthrough: true })
app.setNotFoundHandler(async (_request, reply) => {
  reply.code(404).type('text/html; charset=utf-8')
  return readFile(join(root, app.static('404.html')))
})

const url = await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8081) })
console.log(`\nThe documentation is at ${url}   (Ctrl-C ends it)`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
