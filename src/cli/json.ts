import { FingerpostError } from '../core/error.ts'
import type { Output } from './output.ts'

/** One JSON object on standard output, as `--json` promises: maps become objects, big integers strings. */
export function writeJson(value: unknown, stdout: Output): void {
  stdout.write(`${JSON.stringify(value, jsonValue, 2)}\n`)
}

/** A failure as that one object, so that a program that reads it always finds one. */
export function failureToJson(error: unknown): Record<string, unknown> {
  if (!(error instanceof FingerpostError)) return { error: { code: 'FP_INTERNAL', message: String(error) } }
  const { code, message, details } = error
  return { error: { code, message, details } }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  return typeof value === 'bigint' ? String(value) : value
}
