/**
 * Answers for a logical path: from a manifest in production, live in development. Templates never know which.
 */
export interface Resolver {
  /** Where files appear to browsers, ending with a slash. */
  readonly url: string
  /**
   * The public URL of a name; a `?query#fragment` passes through.
   *
   * @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names
   */
  resolve(name: string): string
  /** `sha384-…` of the identity bytes. @throws FingerpostError `FP_UNKNOWN_NAME` */
  integrity(name: string): string
}
