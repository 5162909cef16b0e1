import { between, createRandom, pick, type Random } from './random.ts'

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * Text that looks like code to a compressor: statements put together from a vocabulary in which a few words are
 * frequent and most are rare. Brotli brings it to about a fifth, like the style sheets and scripts of real packages.
 */
export function codeLikeText(seed: number, bytes: number): string {
  const random = createRandom(seed)
  const words = Array.from({ length: 400 }, () => word(random))
  const frequent = () => pick(random, words.slice(0, 1 + Math.floor(400 * random() ** 3)))
  let text = ''
  while (text.length < bytes) text += statement(random, frequent)
  return text.slice(0, bytes)
}

/**
 * A comment of random base64: brotli brings it to 6 bits a character and no further, so that the size of a body on
 * the wire can be chosen beforehand.
 */
export function incompressibleText(seed: number, wireBytes: number): string {
  const random = createRandom(seed)
  const length = Math.round((wireBytes - 15) / 0.7525)
  let text = ''
  for (let i = 0; i < length; i++) text += BASE64[Math.floor(random() * 64)]
  return `/*${text}*/`
}

/** Bytes no compressor makes smaller. */
export function randomBytes(seed: number, bytes: number): Buffer {
  const random = createRandom(seed)
  const buffer = Buffer.alloc(bytes)
  for (let i = 0; i < bytes; i++) buffer[i] = Math.floor(random() * 256)
  return buffer
}

function word(random: Random): string {
  const letters = Array.from({ length: between(random, 3, 11) }, () =>
    pick(random, [...'etaoinshrdlucmfwypvbgk']),
  )
  return letters.join('')
}

function statement(random: Random, name: () => string): string {
  const shape = between(random, 0, 3)
  if (shape === 0) return `  const ${name()} = ${name()}.${name()}(${name()}, ${between(random, 0, 999)})\n`
  if (shape === 1) return `  if (${name()} !== ${name()}) return ${name()}.${name()}\n`
  if (shape === 2)
    return `function ${name()}(${name()}, ${name()}) {\n  ${name()}.${name()} = '${name()}'\n}\n`
  return `  ${name()}.${name()}({ ${name()}: ${name()}, ${name()}: ${between(random, 0, 99)} })\n`
}
