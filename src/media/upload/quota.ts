/** What an upload asks room for. */
export interface QuotaRequest {
  /** The name asked for; a suffix may be added. */
  readonly name: string
  /** Bytes it may have at most. */
  readonly maxBytes: number
}

/** Room kept for one upload, to be used or given back. Exactly one of the two is called. */
export interface QuotaLease {
  /** Bytes that are left for it; more than this ends the upload with 413. */
  readonly maxBytes: number
  /** The upload is stored. An error thrown here removes it again. @param bytes its size */
  commit(bytes: number): void | Promise<void>
  /** Nothing was stored. */
  rollback(): void | Promise<void>
}

/** Keeps count of who may store how much; the application knows, fingerpost asks. */
export interface Quota<Request> {
  /** Keeps room before the first byte is read. Throw to refuse: with `statusCode: 413` for "no room". */
  reserve(request: Request, upload: QuotaRequest): QuotaLease | Promise<QuotaLease>
}
