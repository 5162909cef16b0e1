import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { installPackage } from '../support/package.ts'

/** Installs the packed package and the packages that programs import, and nothing else. */
export function installImports(cwd: string, programs: readonly string[]): void {
  const names = new Set(programs.flatMap(importedPackages))
  names.delete('fingerpost')
  installPackage(cwd, [...names])
}

/** The packages that a program imports. */
export function importedPackages(program: string): readonly string[] {
  const specifiers = [...program.matchAll(/ from '([^']+)'/g)].map(([, specifier = '']) => specifier)
  return specifiers
    .filter((specifier) => !/^node:|^[./]/.test(specifier))
    .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier)
}

/** The lines of a prelude that a piece of code needs: those of the names that it uses and does not declare. */
export function preludeOf(code: string, prelude: Readonly<Record<string, string>>): string {
  const missing = Object.entries(prelude).filter(([name]) => {
    const declares = new RegExp(
      `\\b(?:const|let|function) \\{?[^=]*\\b${name}\\b|^import .*\\b${name}\\b.* from`,
      'm',
    )
    return new RegExp(`(?<![.\\w'/])${name}\\b(?!:|')`).test(code) && !declares.test(code)
  })
  return missing.map(([, line]) => `${line}\n`).join('')
}

/** Runs a program as it stands, but for the port. Returns its address. */
export async function startProgram(
  context: TestContext,
  cwd: string,
  program: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  assert.match(program, /await app\.listen\(\{ port: 3000 \}\)\n$/)
  const file = join(cwd, `app-${readdirSync(cwd).length}.js`)
  writeFileSync(file, `${program.replace('3000', '0')}console.log(app.listeningOrigin)\n`)
  const child = spawn(process.execPath, [file], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => child.kill())
  return addressOf(child)
}

async function addressOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of stdout === null ? [] : createInterface(stdout))
    if (/^https?:\/\/\S+$/.test(line)) return line
  throw new Error('the program ended without an address')
}
