import type { FastifyInstance, FastifyReply } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { TestingOptions } from '../resolve/testing-resolver.ts'
import { decorate } from '../serve/page/decorations.ts'
import { elementOf } from '../serve/page/inline.ts'
import '../serve/send-static.ts'
import { describeVersion } from '../serve/page/version.ts'

/**
 * Stands in for the plugin in the tests of an app: `app.static`, `reply.static`, `reply.locals` and the other
 * decorations, without a build and without routes.
 */
export const fingerpostTesting = fastifyPlugin(decorateForTests, { name: 'fingerpost', fastify: '5.x' })

async function decorateForTests(app: FastifyInstance, options: TestingOptions): Promise<void> {
  const { url, sources, cwd } = options
  const given = { ...(url && { url }), ...(sources && { sources }), ...(cwd && { cwd }) }
  const { createTestingResolver } = await import('../resolve/testing-resolver.ts')
  const resolver = await createTestingResolver(given)
  app.decorateReply('sendStatic', function (this: FastifyReply, name, { status = 200 } = {}) {
    return this.code(status).type(resolver.describe(name).type).send('')
  })
  decorate(app, {
    site: {
      current: { resolver },
      stats: () => NO_STATS,
    },
    reloader: { reload: async () => false },
    earlyHints: false,
    mount: { url: resolver.url, root: '' },
    version: describeVersion(resolver.url, () => NO_STATS.digest),
    // Every file is there, and empty.
    inline: {
      find: (name) => ({ element: elementOf(resolver.describe(name).type), text: '' }),
      sources: () => ({ scriptSrc: [], styleSrc: [] }),
    },
  })
}

const NO_STATS = {
  assets: 0,
  digest: 'testing',
  hits: 0,
  misses: 0,
  bytes: 0,
  bodies: 0,
  damaged: 0,
  reloads: 0,
}
