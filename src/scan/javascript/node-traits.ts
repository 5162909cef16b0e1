import type { Scan } from '../scanner.ts'
import { findCodeOffsets, hasModuleSyntax } from './module.ts'

/** What only CommonJS writes. */
const COMMONJS =
  /(?<![\w$.])(?:require\s*\(|module\.exports\b|exports\.[\w$]|typeof\s+exports\b|Object\.defineProperty\(exports\b)/

/** A read of the variable that bundlers replace. An assignment must stay. */
const NODE_ENV = /(?<![\w$.])process\.env\.NODE_ENV\b(?!\s*=[^=])/g

/** What a script expects of Node or a bundler. */
export function findNodeTraits(js: string): Pick<Scan, 'isCommonJs' | 'nodeEnv'> {
  const isCommonJs = COMMONJS.test(js) && !hasModuleSyntax(js)
  // A script that asks whether there is a process runs without one.
  const isGuarded = !js.includes('process.env.NODE_ENV') || /\btypeof\s+process\b/.test(js)
  const matches = isGuarded ? [] : [...js.matchAll(NODE_ENV)]
  const inCode =
    matches.length === 0
      ? []
      : (findCodeOffsets(
          js,
          matches.map(({ index }) => index),
        ) ?? [])
  const nodeEnv = inCode.map((start) => ({ start, end: start + 'process.env.NODE_ENV'.length }))
  return { ...(isCommonJs && { isCommonJs }), ...(nodeEnv.length > 0 && { nodeEnv }) }
}
