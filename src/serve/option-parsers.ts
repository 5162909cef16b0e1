import { resolve } from 'node:path'
import {
  asListOf,
  asOptions,
  asRecord,
  asText,
  type Completed,
  completeOptions,
  type OptionParser,
  type OptionTable,
  orFlag,
  parseOptions,
  wrongShape,
} from '../core/option.ts'
import { checkHeader, type HeaderRule } from '../http/header-rules.ts'
import type { RemoteManifest } from './manifest-source.ts'

/** The row of an option that is off, on, or on with options of its own. Off is undefined. */
export function flagOrOptions<T, Table extends OptionTable<T>>(table: Table) {
  return {
    parse: orFlag(asOptions<T>(table)),
    complete: (given: boolean | Partial<T>, cwd: string): Completed<Table> | undefined =>
      given === false ? undefined : completeOptions<T, Table>(given === true ? {} : given, table, cwd),
  }
}

/** Absolute folders. */
export function inFolders(folders: readonly string[], cwd: string): readonly string[] {
  return folders.map((folder) => resolve(cwd, folder))
}

/** The path of a route, returned with a slash at both ends. */
export const asPrefix: OptionParser<string> = (value, where) => {
  const text = asText(value, where)
  if (!text.startsWith('/') || /[?#*:]/.test(text)) throw wrongShape(value, where, 'a path such as /static/')
  return text.endsWith('/') ? text : `${text}/`
}

/** An http(s) address below which things are, returned with a slash at its end. */
export const asAddress: OptionParser<string> = (value, where) => {
  const text = asText(value, where)
  if (!/^https?:\/\/[^/?#][^?#]*$/.test(text))
    throw wrongShape(value, where, 'an address such as http://localhost:5173/static/')
  return text.endsWith('/') ? text : `${text}/`
}

/** The value of a header, checked as Node will check it. */
export function asHeader(name: string): OptionParser<string> {
  return (value, where) => {
    const text = asText(value, where)
    checkHeader(where, name, text)
    return text
  }
}

/** Whole seconds, as HTTP dates are. */
export const asDate: OptionParser<Date> = (value, where) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw wrongShape(value, where, 'a Date')
  return new Date(Math.floor(value.getTime() / 1000) * 1000)
}

export const asHeaderRule: OptionParser<HeaderRule> = (value, where) => {
  const asSet: OptionParser<Record<string, string>> = (set, at) => {
    for (const [name, text] of Object.entries(asRecord(set, at))) checkHeader(at, name, text)
    return set as Record<string, string>
  }
  const { match, set } = parseOptions<HeaderRule>(value, { match: asText, set: asSet }, where)
  if (match === undefined || set === undefined) throw wrongShape(value, where, '{ match, set }')
  return { match, set }
}

export const asRemoteManifest: OptionParser<RemoteManifest> = (value, where) => {
  if (typeof value === 'function') return value as () => Promise<string>
  if (value instanceof URL) return value
  const text = asText(value, where)
  if (!/^https?:\/\//.test(text)) throw wrongShape(value, where, 'an http(s) address or a function')
  return text
}

/** Logical paths by the path they are served at, which may not have the special characters of Fastify's router. */
export const asRootFiles: OptionParser<Readonly<Record<string, string>>> = (value, where) => {
  const files = Array.isArray(value)
    ? Object.fromEntries(asListOf(asText)(value, where).map((path) => [`/${path}`, path]))
    : asRecord(value, where)
  for (const [url, path] of Object.entries(files)) {
    if (!/^\/[^:*?#]+$/.test(url)) throw wrongShape(url, where, 'paths such as /favicon.ico')
    asText(path, `${where} ${url}`)
  }
  return files as Readonly<Record<string, string>>
}
