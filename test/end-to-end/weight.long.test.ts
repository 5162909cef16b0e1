import assert from 'node:assert/strict'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY } from '../support/cli.ts'
import { unpackPackage } from '../support/package.ts'

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>
}

const { packages } = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8')) as Lock

/** The folder of a package that another one requires, as Node finds it. */
function resolve(name: string, from: string): string {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[place] !== undefined) return place
    if (!folder.includes('/node_modules/')) return `node_modules/${name}`
  }
}

/** What npm installs for a package. */
function installedFor(name: string, from = '', found = new Set<string>()): Set<string> {
  const place = resolve(name, from)
  if (found.has(place)) return found
  found.add(place)
  for (const next of Object.keys(packages[place]?.dependencies ?? {})) installedFor(next, place, found)
  return found
}

/** Without the packages inside. */
function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => {
    if (name === 'node_modules') return sum
    const path = join(folder, name)
    const entry = lstatSync(path)
    return sum + (entry.isDirectory() ? bytesIn(path) : entry.size)
  }, 0)
}

test('beside Fastify it installs at most 32 packages, itself not counted, and 14 MB with itself', () => {
  const fastify = installedFor('fastify')
  const all = new Set(
    Object.keys(packages['']?.dependencies ?? {}).flatMap((name) => [...installedFor(name)]),
  )
  const beyond = [...all].filter((place) => !fastify.has(place))
  assert.ok(beyond.length <= 32, `${beyond.length}:\n${beyond.sort().join('\n')}`)
  const bytes = beyond.reduce(
    (sum, place) => sum + bytesIn(join(REPOSITORY, place)),
    bytesIn(unpackPackage()),
  )
  assert.ok(bytes <= 14e6, `${bytes} bytes`)
})
