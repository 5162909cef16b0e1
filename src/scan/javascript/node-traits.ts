import type { Scan } from '../scanner.ts'
import { findCodeOffsets, hasModuleSyntax } from './module.ts'

/** What only CommonJS writes. */
const COMMONJS =
  /(?:^|[^\w$.])(?:require\s*\(|module\.exports\b|exports\.[\w$]|typeof\s+exports\b|Object\.defineProperty\(exports\b)/

/** The variable that bundlers replace. */
const NODE_ENV = 'process.env.NODE_ENV'
const USE_OF_NODE_ENV = /(?:^|[^\w$.])process\.env\.NODE_ENV\b/g
const ASSIGNMENT = /\s*=[^=]/y

/** What a script expects of Node or a bundler. */
export function findNodeTraits(js: string): Pick<Scan, 'isCommonJs' | 'nodeEnv'> {
  const isCommonJs = COMMONJS.test(js) && !hasModuleSyntax(js)
  // A script that asks whether there is a process runs without one.
  const isGuarded = !js.includes(NODE_ENV) || /\btypeof\s+process\b/.test(js)
  const reads = isGuarded ? [] : findReads(js)
  const inCode = reads.length === 0 ? [] : (findCodeOffsets(js, reads) ?? [])
  const nodeEnv = inCode.map((start) => ({ start, end: start + NODE_ENV.length }))
  return { ...(isCommonJs && { isCommonJs }), ...(nodeEnv.length > 0 && { nodeEnv }) }
}

/** Where the variable is read. An assignment must stay. */
function findReads(js: string): readonly number[] {
  return Array.from(
    js.matchAll(USE_OF_NODE_ENV),
    ({ 0: text, index }) => index + text.length - NODE_ENV.length,
  ).filter((start) => {
    ASSIGNMENT.lastIndex = start + NODE_ENV.length
    return !ASSIGNMENT.test(js)
  })
}
