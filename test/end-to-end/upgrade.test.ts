import assert from 'node:assert/strict'
import { cpSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { REPOSITORY, runNode } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'

test('another release builds anew, though its installer gives its files the times of the last', async (context) => {
  const cwd = makeTree(context, { assets: { 'a.css': 'a { color: red }' }, tool: { 'package.json': '' } })
  cpSync(join(REPOSITORY, 'dist'), join(cwd, 'tool/dist'), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(cwd, 'tool/node_modules'))
  const dist = join(cwd, 'tool/dist')
  const modules = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.c?js$/.test(file),
  )
  const install = (version: string) => {
    writeFileSync(join(cwd, 'tool/package.json'), JSON.stringify({ version, type: 'module' }))
    for (const file of modules) utimesSync(join(dist, file), 0, 0)
  }
  const build = async () => {
    const words = ['tool/dist/cli.cjs', 'build', 'assets', '--json']
    const { stdout, stderr } = await runNode(words, { cwd })
    assert.equal(stderr, '')
    const { work } = JSON.parse(stdout) as { readonly work: { readonly recalled: number } }
    return work.recalled
  }
  // Until the times of the sources vouch for them.
  await setTimeout(2100)
  install('1.0.0')
  await build()
  assert.equal(await build(), 0, 'the same release has nothing to do')
  install('1.0.1')
  assert.notEqual(await build(), 0, 'another looks at what it knows of each file')
})
