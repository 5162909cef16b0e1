// The environment of all tests and of the programs they start, whatever the caller's is.

/** Variables that change what programs print or do. */
const UNWANTED =
  /^(?:FORCE_COLOR|NO_COLOR|CLICOLOR(?:_FORCE)?|COLORTERM|TERM|COLUMNS|LINES|CI|DEBUG|PORT|HOST|LANG|LANGUAGE|LC_\w+|AWS_\w+|SOURCE_DATE_EPOCH|UV_THREADPOOL_SIZE|FINGERPOST_LONG|NODE_(?:ENV|OPTIONS|PATH|DEBUG|DISABLE_COLORS|NO_WARNINGS|PENDING_DEPRECATION|PRESERVE_SYMLINKS|REPL_\w+|TEST_CONTEXT|UNIQUE_ID|CHANNEL_\w+|COMPILE_CACHE))$/

const SET = {
  TZ: 'UTC',
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
  // Its warning on Node 20 would drown what tests print.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
}

/** Permissions of new files: what most systems have. */
export const UMASK = 0o022

/** An environment without what tests must not depend on, and with what they may count on. */
export function cleanEnvironment(caller = process.env) {
  const kept = Object.entries(caller).filter(([name]) => !UNWANTED.test(name))
  return { ...Object.fromEntries(kept), ...SET }
}
