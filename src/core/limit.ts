const KIB = 1024
const MIB = 1024 * KIB

/**
 * Every limit with its unit and default (law 8). Options override them one by one; the docs print this table.
 */
export const LIMITS = {
  /** Bytes of response bodies kept in memory by one plugin instance. */
  cacheMaxBytes: 64 * MIB,
  /** Bytes of a body above which it is streamed and never cached. */
  cacheMaxBodyBytes: 8 * MIB,
  /** A variant is kept only if it is smaller than this share of the identity bytes. */
  variantMaxRatio: 0.95,
  /** Bytes below which no file is compressed: the headers cost more than is saved. */
  compressMinBytes: 1,
  /** Seconds browsers and CDNs may keep a hashed file: one year, the customary "for ever". */
  immutableMaxAgeSeconds: 31_536_000,
  /** Bytes of a manifest that is read at all. */
  manifestMaxBytes: 256 * MIB,
  /** Different Accept-Encoding values whose parsed form is remembered. */
  acceptEncodingMemo: 500,
} as const
