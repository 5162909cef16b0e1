import { FingerpostError } from '../core/error.ts'
import { type Attributes, formatTag } from './html.ts'
import type { RequestFacts, TagOptions } from './template-helpers.ts'

// What only the plugin can write: it knows the version in service and has read the files that are put into pages.

export function formatVersionTag(options: TagOptions, facts: RequestFacts): string {
  const { nonce = facts.nonce, integrity = true, crossorigin = 'anonymous', script = true, ...rest } = options
  const { url, script: src, integrity: digest, current } = required(facts.version, 'versionTag()')
  const meta = formatTag('meta', { name: 'fingerpost-version', content: current(), 'data-url': url })
  if (!script) return meta
  const security = { integrity: integrity && digest, crossorigin, nonce }
  return `${meta}${formatTag('script', { type: 'module', src, ...security, ...attributesIn(rest) })}</script>`
}

export function formatInline(name: string, options: TagOptions, facts: RequestFacts): string {
  const { element, text } = required(facts.inline, 'inline()')(name)
  if (element === undefined) return text
  const usual = element === 'style' ? (facts.styleNonce ?? facts.nonce) : facts.nonce
  const { nonce = usual, integrity: _i, crossorigin: _c, ...rest } = options
  return `${formatTag(element, { nonce, ...attributesIn(rest) })}${text}</${element}>`
}

function attributesIn({ preload: _p, absolute: _a, ...attributes }: TagOptions): Attributes {
  return attributes
}

function required<T>(fact: T | undefined, helper: string): T {
  if (fact !== undefined) return fact
  throw new FingerpostError('FP_CONFIG', `${helper} needs the Fastify plugin.`, {
    remedy: 'Use reply.staticHelpers or app.staticHelpers.',
  })
}
