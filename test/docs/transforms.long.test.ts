import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { follow, makeProject, readGuide, run } from './guide.ts'

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg"/>'

test('the guide to transforms compiles, minifies and scans, and notices a changed partial', async (context) => {
  const { files, scripts } = readGuide('guides/transforms.md')
  const own = { 'assets/img/logo.svg': LOGO, 'assets/video/part-1.mp4': 'part' }
  const project = makeProject(context, { ...own, ...files })
  const origin = await follow(context, project, scripts)
  const read = async (path: string) => {
    const answer = await fetch(new URL(path, origin))
    assert.equal(answer.status, 200, path)
    return answer.text()
  }
  const page = await read('/')
  const urlOf = (name: RegExp) => name.exec(page)?.[0] ?? assert.fail(`${name} in ${page}`)
  const css = await read(urlOf(/\/static\/css\/site\.[0-9a-f]{16}\.css/))
  assert.match(css, /^\.logo\{background:#fffdf5 url\("?\.\.\/img\/logo\.[0-9a-f]{16}\.svg"?\)\}$/)
  const js = await read(urlOf(/\/static\/js\/app\.[0-9a-f]{16}\.js/))
  assert.match(
    js,
    /^import\{greet as (\w)\}from"\.\/greet\.[0-9a-f]{16}\.js";const (\w)="paper";document\.title=\1\(\2\);\n$/,
  )
  const list = await read(urlOf(/\/static\/video\/talk\.[0-9a-f]{16}\.m3u8/))
  assert.match(list, /^#EXTM3U\n#EXTINF:10,\npart-1\.[0-9a-f]{16}\.mp4\n$/)

  const partial = join(project.cwd, 'assets/css/_colors.scss')
  writeFileSync(partial, readFileSync(partial, 'utf8').replace('#fffdf5', 'red'))
  run(project, 'npx fingerpost build 2>&1')
  const { assets } = JSON.parse(readFileSync(join(project.cwd, 'staticfiles/manifest.json'), 'utf8'))
  assert.match(
    readFileSync(join(project.cwd, 'staticfiles', assets['css/site.css'].file), 'utf8'),
    /^\.logo\{background:red /,
  )
})
