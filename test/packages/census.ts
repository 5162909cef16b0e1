import { isUtf8 } from 'node:buffer'
import { type Comment, type Node, type Options, parse } from 'acorn'
import { full } from 'acorn-walk'
import * as cssTree from 'css-tree'

/** A URL as a parser that isn't ours reads it. */
export interface SeenUrl {
  readonly url: string
  /** Read by the module loader, so that only `./`, `../` and `/` start a path. */
  readonly isModule: boolean
}

/** Bytes as text, as any tool would. */
export function readText(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}

/** What css-tree leaves untyped. */
interface Tokens {
  tokenize(css: string, onToken: (type: number, start: number, end: number) => void): void
  readonly tokenTypes: Readonly<Record<string, number>>
  readonly url: { decode(token: string): string }
  readonly string: { decode(token: string): string }
  readonly ident: { decode(token: string): string }
}

const { tokenize, tokenTypes, url, string, ident } = cssTree as unknown as Tokens

/** Every `url()`, `@import` and source map comment of a stylesheet, by the tokens of css-tree. */
export function cssUrls(css: string): readonly SeenUrl[] {
  const seen: SeenUrl[] = []
  let sourceMap: string | undefined
  let awaits = false
  const see = (text: string) => seen.push({ url: text, isModule: false })
  // css-tree drops a byte order mark and counts on without it.
  const text = css.replace(/^\uFEFF/, '')
  tokenize(text, (type, start, end) => {
    const token = text.slice(start, end)
    if (type === tokenTypes['Comment']) {
      sourceMap = /^\/\*[#@]\s*sourceMappingURL=(\S*?)\s*\*\/$/.exec(token)?.[1] ?? sourceMap
    } else if (type === tokenTypes['Url']) see(url.decode(token))
    else if (type === tokenTypes['String'] && awaits) see(string.decode(token))
    if (type === tokenTypes['Comment'] || type === tokenTypes['WhiteSpace']) return
    const isUrlFunction =
      type === tokenTypes['Function'] && /^(?:url|src)$/i.test(ident.decode(token.slice(0, -1)))
    awaits = isUrlFunction || (type === tokenTypes['AtKeyword'] && /^@import$/i.test(token))
  })
  return sourceMap === undefined ? seen : [...seen, { url: sourceMap, isModule: false }]
}

/** Every import, `new URL(…, import.meta.url)` and source map comment of a script, by acorn; undefined if it can't. */
export function jsUrls(js: string): readonly SeenUrl[] | undefined {
  const comments: Comment[] = []
  const tree = parseJs(js, { ecmaVersion: 'latest', allowHashBang: true, onComment: comments })
  if (tree === undefined) return undefined
  const seen: (SeenUrl & { readonly at: number })[] = []
  const see = (node: unknown, isModule: boolean) => {
    const text = textOf(node as Shape)
    if (text !== undefined) seen.push({ url: text, isModule, at: (node as Shape).start })
  }
  full(tree, (node) => {
    const shape = node as Shape
    if (/^(?:Import|ExportAll|ExportNamed)Declaration$/.test(node.type)) see(shape.source, true)
    else if (node.type === 'ImportExpression') see(shape.source, true)
    else if (isNewUrl(shape)) see(shape.arguments?.[0], false)
    else if (isResolve(shape)) see(shape.arguments?.[0], true)
  })
  const maps = comments.flatMap(({ value }) => /^[#@]\s*sourceMappingURL=(\S*?)\s*$/.exec(value)?.[1] ?? [])
  const last = maps.at(-1)
  const ordered = seen.sort((a, b) => a.at - b.at).map(({ url: text, isModule }) => ({ url: text, isModule }))
  return last === undefined ? ordered : [...ordered, { url: last, isModule: false }]
}

/** As much of ESTree as is asked for. */
interface Shape extends Node {
  readonly source?: unknown
  readonly value?: unknown
  readonly name?: string
  readonly expressions?: readonly unknown[]
  readonly quasis?: readonly { readonly value: { readonly cooked: string } }[]
  readonly callee?: Shape
  readonly object?: Shape
  readonly property?: Shape
  readonly arguments?: readonly Shape[]
}

function parseJs(js: string, options: Options): Node | undefined {
  for (const sourceType of ['module', 'script'] as const) {
    try {
      if (Array.isArray(options.onComment)) options.onComment.length = 0
      return parse(js, { ...options, sourceType })
    } catch {}
  }
  return undefined
}

function textOf(node: Shape | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions?.length === 0)
    return node.quasis?.[0]?.value.cooked
  return undefined
}

function isMeta(node: Shape | undefined, property: string): boolean {
  return (
    node?.type === 'MemberExpression' &&
    node.object?.type === 'MetaProperty' &&
    node.property?.name === property
  )
}

function isNewUrl({ type, callee, arguments: given }: Shape): boolean {
  return type === 'NewExpression' && callee?.name === 'URL' && isMeta(given?.[1], 'url')
}

function isResolve({ type, callee }: Shape): boolean {
  return type === 'CallExpression' && isMeta(callee, 'resolve')
}
