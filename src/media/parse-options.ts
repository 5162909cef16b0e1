import {
  asAnything,
  asCount,
  asFlag,
  asFunction,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../core/option.ts'
import type { Storage } from '../storage/storage.ts'
import type { MediaOptions, SendOption, UploadLimits } from './options.ts'

/**
 * Reads the plugin's options, which JavaScript may have written.
 *
 * @throws FingerpostError `FP_CONFIG` naming the option
 */
export function parseMediaOptions(given: MediaOptions): MediaOptions {
  const where = "the media plugin's options"
  // Fastify hands a plugin its own options among those it was registered with.
  const { logLevel: _level, logSerializers: _serializers, ...own } = asRecord(given, where)
  const options = parseOptions<MediaOptions>(own, TABLE, where)
  return { ...options, storage: checkStorage(options.storage) }
}

/** @throws FingerpostError `FP_CONFIG` for anything that keeps no files */
export function checkStorage(value: unknown): Storage {
  if (typeof value === 'object' && value !== null && 'save' in value && 'open' in value)
    return value as Storage
  throw wrongShape(value, 'storage', "a storage, such as createFilesystemStorage({ root: 'media' })")
}

const asPrivate: OptionParser<Required<MediaOptions>['private']> = (value, where) => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'function') return value as (name: string) => boolean
  if (Array.isArray(value)) return asListOf(asText)(value, where)
  throw wrongShape(value, where, 'true, false, a list of prefixes or a function')
}

const asSend: OptionParser<SendOption> = (value, where) => {
  if (value === 'app' || value === 'redirect') return value
  if (typeof value !== 'object')
    throw wrongShape(value, where, "'app', 'redirect' or { accel: '/internal/' }")
  const { accel } = parseOptions<{ accel: string }>(value, { accel: asText }, where)
  if (accel === undefined) throw wrongShape(value, where, "{ accel: '/internal/' }")
  return { accel }
}

const asStatic: OptionParser<Required<MediaOptions>['static']> = (value, where) => {
  const { url, root } = parseOptions<{ url: string; root: string }>(
    value,
    { url: asText, root: asText },
    where,
  )
  if (url === undefined) throw wrongShape(value, where, "{ url: '/static/', root: 'staticfiles' }")
  return root === undefined ? { url } : { url, root }
}

const LIMIT_TABLE: OptionTable<UploadLimits> = {
  maxFileBytes: asCount,
  maxRequestBytes: asCount,
  maxFiles: asCount,
  maxFields: asCount,
  maxParts: asCount,
  maxFieldBytes: asCount,
}

const TABLE: OptionTable<MediaOptions> = {
  // Checked whether it is given or not.
  storage: asAnything,
  url: asText,
  limits: (value, where) => parseOptions<UploadLimits>(value, LIMIT_TABLE, where),
  private: asPrivate,
  authorize: asFunction,
  // Checked where links are signed, by who keeps secrets out of messages.
  keys: asAnything,
  send: asSend,
  inlineSvg: asFlag,
  crossOriginResourcePolicy: asOneOf('same-origin', 'same-site', 'cross-origin'),
  quota: asAnything,
  static: asStatic,
  production: asFlag,
  now: asFunction,
}
