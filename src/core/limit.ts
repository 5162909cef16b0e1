const KIB = 1024
const MIB = 1024 * KIB

/** Every limit with its unit and default (law 8). */
export const LIMITS = {
  /** Missing references for which nearest names are looked up; each costs a comparison with every file. */
  nearestMaxReferences: 100,
  /** Bytes of response bodies kept in memory by one plugin instance. */
  cacheMaxBytes: 64 * MIB,
  /** Bytes of a body above which it is streamed and never cached. */
  cacheMaxBodyBytes: 8 * MIB,
  /** Bytes of a body kept as a string, which leaves in one piece with its head. */
  bodyAsStringMaxBytes: 1 * KIB,
  /** A variant is kept only if it is smaller than this share of the identity bytes. */
  variantMaxRatio: 0.95,
  /** Bytes below which no file is compressed: the headers cost more than is saved. */
  compressMinBytes: 1,
  /** Bytes of a file below which it is no dictionary. */
  dictionaryMinBytes: 1 * KIB,
  /** Bytes of a file above which it is neither a dictionary nor sent as a delta. */
  dictionaryMaxBytes: 50 * MIB,
  /** Files offered as dictionaries: Chromium holds 500 for a site. */
  dictionaryMaxFiles: 400,
  /** Earlier contents of a file from which deltas are made. */
  deltaVersions: 2,
  /** Earlier contents of a file hashed by a bundler, whose names don't tell for sure what they became. */
  deltaGuesses: 3,
  /** A delta is kept only if it is at most this share of the smallest other variant. */
  deltaMaxRatio: 0.9,
  /** Bytes by which a delta must be smaller than the smallest other variant. */
  deltaMinSavedBytes: 256,
  /** Bytes of a dictionary above which it is prepared in a worker: brotli blocks its caller for 25–55 ms per MB. */
  deltaInlineMaxBytes: 1 * MIB,
  /** Bytes of dictionary and file together above which brotli takes quality 9 instead of 11. */
  deltaBestQualityMaxBytes: 2 * MIB,
  /** Seconds browsers and CDNs may keep a hashed file: one year, as long as any cache keeps one. */
  immutableMaxAgeSeconds: 31_536_000,
  /** Bytes the build's cache folder may hold. */
  buildCacheMaxBytes: 512 * MIB,
  /** Days after which the build's cache forgets what no build has used. */
  buildCacheMaxIdleDays: 30,
  /** Share of its limit that a full cache keeps, so that not every build has to evict. */
  buildCacheKeptShare: 0.8,
  /** Share of the cache's limit for what is remembered of finished builds. */
  buildCacheBuildsShare: 0.05,
  /** Files of the cache from which small ones are joined: a build opens all of them. */
  buildCacheMaxPacks: 32,
  /** Bytes below which a file of the cache is small. */
  buildCacheSmallPackBytes: 4 * MIB,
  /** UTF-16 code units of a text that the build's cache keeps in its index. */
  buildCacheInlineChars: 2048,
  /** Hours after which an unfinished file of the cache was left by a killed build. */
  buildCacheUnfinishedHours: 1,
  /** Bytes of results of transforms that are kept in memory where there is no build cache. */
  transformMemoryMaxBytes: 64 * MIB,
  /** Milliseconds before a transform in which an edit of a file it depends on may look like one during it: clocks tick. */
  transformSettleMs: 20,
  /** Bytes of a source file: what Node reads at once. */
  sourceMaxFileBytes: 2 * 1024 * MIB - 1,
  /** Bytes a build keeps in memory for files on their way from source to output; a bigger file goes alone. */
  buildMaxInFlightBytes: 16 * MIB,
  /** Bytes a build holds of files whose compression began before all were scanned. */
  eagerMaxBytes: 8 * MIB,
  /** Bytes of a file above which its compression waits until all references are known to be right: it can't be stopped. */
  eagerMaxFileBytes: 128 * KIB,
  /** Bytes of a header of an archive that holds a long name. */
  tarNameMaxBytes: 64 * KIB,
  /** Milliseconds one file of a previous build may take to arrive from another server. */
  previousTimeoutMs: 60_000,
  /** Kept builds that a report compares with the one in force. */
  reportedBuilds: 5,
  /** Files of a previous build that are carried forward at once. */
  previousConcurrency: 8,
  /** Seconds a build may take to announce itself; what is older was left by one that died over it. */
  lockAnnounceSeconds: 10,
  /** Seconds a build waits for another one that holds the same output. */
  lockWaitSeconds: 60,
  /** Seconds after which a lock of a holder that can't be asked (another machine) counts as left behind. */
  lockMaxAgeSeconds: 3600,
  /** Seconds a file must have been left alone before its stat is trusted to tell that it didn't change. */
  statTrustSeconds: 2,
  /** Bytes of a manifest that is read at all. */
  manifestMaxBytes: 256 * MIB,
  /** Milliseconds a manifest on another server may take to arrive. */
  manifestTimeoutMs: 10_000,
  /** Milliseconds between two looks at a manifest on another server. */
  remoteWatchIntervalMs: 60_000,
  /** Different Accept-Encoding values whose parsed form is remembered. */
  acceptEncodingMemo: 500,
  /** Bytes of UTF-8 in one segment of the name of an upload: what ext4, APFS and NTFS take. */
  mediaNameMaxBytes: 255,
  /** Bytes of UTF-8 in the whole name of an upload; S3 takes 1,024 including its prefix. */
  mediaKeyMaxBytes: 900,
  /** Bytes of one uploaded file. */
  uploadMaxFileBytes: 10 * MIB,
  /** Bytes of all files of one request together. */
  uploadMaxRequestBytes: 50 * MIB,
  /** Files in one request. */
  uploadMaxFiles: 10,
  /** Fields that are no files in one request. */
  uploadMaxFields: 100,
  /** Files and fields in one request. */
  uploadMaxParts: 110,
  /** Bytes of one field that is no file. */
  uploadMaxFieldBytes: 64 * KIB,
  /** Uploads in progress in one process. */
  uploadMaxActive: 100,
  /** Bytes per second of an upload on average, at least, after its first `stallSeconds`. */
  uploadMinBytesPerSecond: 500,
  /** Milliseconds a client may go on sending what has been refused, so that it sees the answer. */
  uploadLingerMs: 5000,
  /** Bytes from the beginning of a raster image that show its type. */
  imageHeadBytes: 1024,
  /** Bytes in which the root element of an SVG must begin. */
  svgPrologueBytes: 64 * KIB,
  /** Bytes of pictures in memory whose variants are being made; a bigger one goes alone. */
  variantsMaxBytes: 32 * MIB,
  /** Names tried with a random suffix before an upload gives up. */
  uploadMaxNameAttempts: 20,
  /** Bytes of the secret of a link key, at least. */
  linkSecretMinBytes: 32,
  /** Seconds a signed link lives unless told otherwise. */
  linkDefaultSeconds: 3600,
  /** Seconds a signed link may live: seven days, which is also what S3 allows. */
  linkMaxSeconds: 604_800,
  /** Entries of one page of a listing. */
  listPageEntries: 1000,
  /** Hours after which what a crash left in the middle of an upload is swept. */
  sweepMinAgeHours: 24,
  /** Bytes of one part of a multipart upload to S3; also the size up to which one request does. */
  s3PartBytes: 8 * MIB,
  /** Attempts of one request to S3, the first included. */
  s3MaxAttempts: 4,
  /** Bytes of one part of a multipart upload that Amazon S3 takes at least. */
  s3PartMinBytes: 5 * MIB,
  /** Bytes of one part that Amazon S3 takes at most. */
  s3PartMaxBytes: 5 * 1024 * MIB,
  /** Parts of one file that are uploaded to S3 at the same time. */
  s3PartConcurrency: 4,
  /** Requests a listing of a bucket makes at the same time, to tell empty files from claims. */
  s3Concurrency: 16,
  /** Milliseconds without an answer after which an attempt is given up. */
  s3TimeoutMs: 30_000,
  /** Files a publish uploads at the same time. */
  publishConcurrency: 16,
  /** Folders read at once while sources are listed; more gains nothing at 4 threads of libuv. */
  listConcurrency: 64,
  /** Files and folders in one source; links that fan out again and again end here instead of never. */
  listMaxEntries: 2_000_000,
  /** Characters of an Accept-Encoding value above which it isn't remembered. */
  acceptEncodingMemoChars: 256,
  /** Ranges in one request above which the whole file is sent. */
  rangesMax: 16,
  /** Bytes read at once from a file that is streamed. */
  streamChunkBytes: 128 * KIB,
  /** Seconds a client may take no byte of an answer before its connection is closed. */
  stallSeconds: 60,
  /** Streams that one HTTP/2 session may have open at once, unless the app's server has a limit of its own. */
  http2ConcurrentStreams: 100,
  /** Bytes that wait to be sent on one stream of HTTP/2. Node refuses streams while 10 MB wait in a session (`maxSessionMemory`). */
  http2WriteBytes: 64 * KIB,
  /** Milliseconds between two checks of the manifest because of unknown names. */
  missCheckMs: 1000,
  /** Milliseconds a timer of Node takes at most, 24 days; it takes more for 1. */
  timerMaxMs: 2_147_483_647,
  /** Milliseconds between two looks at the manifest of a running server. */
  watchIntervalMs: 1000,
  /** Milliseconds an edit must lie back before a file's times alone vouch for its content: what coarse clocks need. */
  liveSettleMs: 2000,
  /** Milliseconds between looks at files in use where the system can't tell of changes. */
  livePollMs: 500,
  /** Milliseconds between looks at files in use although the system does tell of changes. */
  liveDistrustMs: 3000,
  /** Milliseconds between listings of the sources where the system can't tell of changes. */
  liveRelistMs: 5000,
  /** Changes that a disconnected or hidden page receives when it comes back; after more it reloads. */
  liveEventsKept: 200,
  /** Bytes of events that wait for a page to take them; after more it is disconnected. */
  liveEventsWaitingBytes: 1024 * 1024,
  /** Milliseconds in which several changes become one. */
  liveDebounceMs: 20,
  /** Milliseconds without a change after which `build --watch` builds. */
  watchSettleMs: 100,
  /** Milliseconds after which `build --watch` builds although files keep changing. */
  watchSettleMaxMs: 5000,
  /** Milliseconds that live mode waits for an answer of Vite's dev server. */
  viteAnswerMs: 2000,
  /** Components whose names live mode remembers. */
  liveNamesRemembered: 20_000,
  /** Builds before the current one whose hashed names a running server still answers. */
  servedEarlierBuilds: 3,
  /** Bytes of a file that can be put into pages. */
  inlineMaxBytes: 32 * KIB,
  /** Fonts that `reply.preload` takes from one stylesheet. */
  preloadFonts: 8,
  /** Images of one stylesheet above which `reply.preload` takes none of them. */
  preloadImages: 8,
  /** Problems, or files to remove, that a command prints one by one; further ones are only counted. */
  shownProblems: 50,
  /** Damaged files that a running server reports one by one; further ones are only counted. */
  damageReports: 1000,
} as const
