import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  asAnything,
  asCount,
  asCountWithin,
  asFlag,
  asOneOf,
  asText,
  type Completed,
  completeOptions,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import { encodePath, isLogicalPath } from '../../core/path.ts'
import { parsePublicUrl } from '../../core/public-url.ts'

/** Access to a bucket. Without it the SDK looks in the environment, the shared files and the instance's role. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** An `S3Client` of `@aws-sdk/client-s3`. Not named by its type, so that apps without that package compile. */
export interface S3ClientLike {
  send(command: never, options?: never): Promise<unknown>
}

/** How to open a bucket as a storage. */
export interface S3Options {
  /** The bucket's name. */
  readonly bucket: string
  /** The start of every key, e.g. `media/`; a slash is added. Default ''. */
  readonly prefix?: string
  /** The bucket's region. Default: what the SDK finds in the environment, or `us-east-1` if an endpoint is given. */
  readonly region?: string
  /** The server, e.g. `https://s3.example.com`. Default: AWS. */
  readonly endpoint?: string
  /** The bucket in the path (`host/bucket/key`) instead of the host. Default: true if an endpoint is given. */
  readonly pathStyle?: boolean
  /** Default: what the SDK finds in the environment. */
  readonly credentials?: S3Credentials
  /** Where browsers get public files: a CDN or the bucket's own URL, prefix included. Default: the bucket's. */
  readonly publicUrl?: string
  /** The server's URL in signed URLs, if browsers reach it at another one than this process. */
  readonly publicEndpoint?: string
  /**
   * How two writers are kept from taking one new key: `conditional` sends `If-None-Match: *`, which the server judges;
   * `head` looks first, for servers that ignore the condition, and leaves a gap. Default `conditional`.
   */
  readonly exclusive?: 'conditional' | 'head'
  /** Bytes of one part, from 5 MiB; content up to this size is sent in one request. Default 8 MiB. */
  readonly partBytes?: number
  /** Attempts of one request, the first included. Default 4. */
  readonly maxAttempts?: number
  /** Milliseconds without a response after which an attempt fails. Default 30,000. */
  readonly timeoutMs?: number
  /** A client of your own instead of one made from these options; it signs URLs too unless `publicEndpoint` is set. */
  readonly client?: S3ClientLike
}

const asBucket: OptionParser<string> = (value, where) => {
  const bucket = asText(value, where)
  const fault = bucketFault(bucket)
  if (fault === undefined) return bucket
  throw wrongShape(value, where, `the name of a bucket (${fault})`)
}

/** With a slash at its end; empty for the whole bucket. */
const asPrefix: OptionParser<string> = (value, where) => {
  if (value === '') return value
  const folder = asText(value, where).replace(/\/$/, '')
  if (isLogicalPath(folder)) return `${folder}/`
  throw wrongShape(value, where, 'a relative path, such as media/')
}

const asUrl: OptionParser<string> = (value, where) => {
  if (URL.canParse(asText(value, where))) return asText(value, where)
  throw wrongShape(value, where, 'a URL, such as https://s3.example.com')
}

const TABLE = {
  bucket: asBucket,
  prefix: { parse: asPrefix, default: '' },
  region: asText,
  endpoint: asUrl,
  pathStyle: asFlag,
  credentials: asAnything<S3Credentials>,
  publicUrl: (value, where) => parsePublicUrl(asText(value, where)).href,
  publicEndpoint: asUrl,
  exclusive: { parse: asOneOf('conditional', 'head'), default: 'conditional' },
  partBytes: {
    parse: asCountWithin(LIMITS.s3PartMinBytes, LIMITS.s3PartMaxBytes),
    default: LIMITS.s3PartBytes,
  },
  maxAttempts: { parse: asCount, default: LIMITS.s3MaxAttempts },
  timeoutMs: { parse: asCount, default: LIMITS.s3TimeoutMs },
  client: asAnything<S3ClientLike>,
} satisfies OptionTable<S3Options>

/** The options with every default in place. */
export interface S3Settings extends Completed<typeof TABLE> {
  readonly bucket: string
  readonly pathStyle: boolean
  /** `s3://bucket/prefix/`, for messages. */
  readonly name: string
}

/** Checks options and fills in defaults. @throws FingerpostError `FP_CONFIG` */
export function resolveS3Options(given: S3Options): S3Settings {
  const where = "createS3Storage's options"
  const options = completeOptions(parseOptions<S3Options>(given, TABLE, where), TABLE, '')
  const { bucket, endpoint, prefix, pathStyle = endpoint !== undefined } = options
  if (bucket === undefined) throw wrongShape(given, where, "{ bucket: 'my-bucket' } at least")
  const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1')
  return { ...options, bucket, region, pathStyle, name: `s3://${bucket}/${prefix}` }
}

/** The public URL of the bucket's prefix, with a slash at its end. */
export function publicUrlOf(settings: S3Settings): string {
  const { publicUrl, publicEndpoint, bucket, prefix, region, pathStyle } = settings
  if (publicUrl !== undefined) return publicUrl
  const endpoint = publicEndpoint ?? settings.endpoint ?? `https://s3.${region ?? 'us-east-1'}.amazonaws.com`
  const { protocol, host } = new URL(endpoint)
  const origin = pathStyle ? `${protocol}//${host}/${bucket}` : `${protocol}//${bucket}.${host}`
  return `${origin}/${encodeKey(prefix)}`
}

/** A key in a URL. S3 reads a raw `+` as a space. */
export function encodeKey(key: string): string {
  return encodePath(key).replaceAll('+', '%2B')
}

/** Parses `s3://BUCKET[/PREFIX]`. @throws FingerpostError `FP_USAGE` for anything else */
export function parseS3Url(text: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, path = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? []
  if (bucket === undefined) {
    const message = `${JSON.stringify(text)} is not an S3 URL. Expected s3://BUCKET[/PREFIX].`
    throw new FingerpostError('FP_USAGE', message)
  }
  const fault = bucketFault(bucket)
  if (fault !== undefined)
    throw new FingerpostError('FP_USAGE', `Bucket name ${JSON.stringify(bucket)} is not valid: ${fault}.`)
  const prefix = path.replace(/\/+$/, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

/** The rules for general purpose buckets (Amazon S3 user guide, "Bucket naming rules"). */
function bucketFault(bucket: string): string | undefined {
  if (bucket.length < 3 || bucket.length > 63) return 'S3 names have 3 to 63 characters'
  if (/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(bucket)) return undefined
  return 'S3 names have lowercase letters, digits, dots and hyphens, and begin and end with a letter or digit'
}
