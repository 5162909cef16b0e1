import type { S3Client } from '@aws-sdk/client-s3'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  asAnything,
  asCount,
  asFlag,
  asOneOf,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
} from '../../core/option.ts'
import { encodePath, isLogicalPath } from '../../core/path.ts'
import { parsePublicUrl } from '../../core/public-url.ts'

/** Access to a bucket. Without it the SDK looks in the environment, the shared files and the instance's role. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How to open a bucket as a storage. */
export interface S3Options {
  /** The bucket's name. */
  readonly bucket: string
  /** Put before every key, e.g. `media/`; a slash is added. Default ''. */
  readonly prefix?: string
  /** The bucket's region. Default: what the SDK finds in the environment, or `us-east-1` where an endpoint is given. */
  readonly region?: string
  /** The server, e.g. `https://s3.example.com`. Default: AWS. */
  readonly endpoint?: string
  /** The bucket in the path (`host/bucket/key`) instead of the host. Default: true where an endpoint is given. */
  readonly pathStyle?: boolean
  /** Default: what the SDK finds in the environment. */
  readonly credentials?: S3Credentials
  /** Where browsers get public files: a CDN or the bucket's own address, prefix included. Default: the bucket's. */
  readonly publicUrl?: string
  /** The server's address in signed URLs, where browsers reach it by another one than this process. */
  readonly publicEndpoint?: string
  /**
   * How a new key is kept from being taken twice: `conditional` sends `If-None-Match: *`, which the server judges;
   * `head` looks first, for servers that ignore the condition, and leaves a gap. Default `conditional`.
   */
  readonly exclusive?: 'conditional' | 'head'
  /** Bytes of one part, at least 5 MiB on AWS; content up to this size goes up in one request. Default 8 MiB. */
  readonly partBytes?: number
  /** Attempts of one request, the first included. Default 4. */
  readonly maxAttempts?: number
  /** Milliseconds without an answer after which an attempt is given up. Default 30,000. */
  readonly timeoutMs?: number
  /** A client of your own instead of one made from these options; it signs URLs too unless `publicEndpoint` is set. */
  readonly client?: S3Client
}

/** The options with every default in place. */
export interface S3Settings extends S3Options {
  readonly prefix: string
  readonly pathStyle: boolean
  readonly exclusive: 'conditional' | 'head'
  readonly partBytes: number
  readonly maxAttempts: number
  readonly timeoutMs: number
  /** `s3://bucket/prefix`, for messages. */
  readonly name: string
}

/** Checks options and fills in defaults. @throws FingerpostError `FP_CONFIG` */
export function resolveS3Options(given: S3Options): S3Settings {
  const { bucket = '', ...options } = parseOptions<S3Options>(given, TABLE, "createS3Storage's options")
  const { prefix = '', endpoint, publicUrl } = options
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw badOption('bucket', bucket)
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  if (folder !== '' && !isLogicalPath(folder.slice(0, -1))) throw badOption('prefix', prefix)
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw badOption('endpoint', endpoint)
  if (publicUrl !== undefined) parsePublicUrl(publicUrl)
  return {
    ...options,
    bucket,
    ...(endpoint === undefined ? {} : { region: options.region ?? 'us-east-1' }),
    prefix: folder,
    pathStyle: options.pathStyle ?? endpoint !== undefined,
    exclusive: options.exclusive ?? 'conditional',
    partBytes: options.partBytes ?? LIMITS.s3PartBytes,
    maxAttempts: options.maxAttempts ?? LIMITS.s3MaxAttempts,
    timeoutMs: options.timeoutMs ?? LIMITS.s3TimeoutMs,
    name: `s3://${bucket}/${folder}`,
  }
}

/** Empty for the whole bucket. */
const asPrefix: OptionParser<string> = (value, where) => (value === '' ? value : asText(value, where))

const TABLE: OptionTable<S3Options> = {
  bucket: asText,
  prefix: asPrefix,
  region: asText,
  endpoint: asText,
  pathStyle: asFlag,
  credentials: asAnything,
  publicUrl: asText,
  publicEndpoint: asText,
  exclusive: asOneOf('conditional', 'head'),
  partBytes: asCount,
  maxAttempts: asCount,
  timeoutMs: asCount,
  client: asAnything,
}

/** The public address of the bucket's prefix, with a slash at its end. */
export function publicUrlOf(settings: S3Settings): string {
  const { publicUrl, publicEndpoint, bucket, prefix, region, pathStyle } = settings
  if (publicUrl !== undefined) return parsePublicUrl(publicUrl).href
  const endpoint = publicEndpoint ?? settings.endpoint ?? `https://s3.${region ?? 'us-east-1'}.amazonaws.com`
  const { protocol, host } = new URL(endpoint)
  const origin = pathStyle ? `${protocol}//${host}/${bucket}` : `${protocol}//${bucket}.${host}`
  return `${origin}/${encodePath(prefix)}`
}

function badOption(option: string, value: string): FingerpostError {
  return new FingerpostError('FP_CONFIG', `The S3 option ${option} can't be ${JSON.stringify(value)}.`, {
    details: { option },
  })
}
