// Puts test files that need no process of their own together: starting one takes longer than most of them run.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What a file does to its process, measures of it, or has to be ended for. */
const NEEDS_OWN_PROCESS =
  /node:child_process|node:worker_threads|node:v8|support\/(?:browser|ceph|clock|exfat|http2|long|nginx|nobody|package)|process\.(?:chdir|cpuUsage|env|memoryUsage|on|once|seteuid|stderr|stdout|umask)\b|\bmock\b|\/proc\/|globalThis|syncBuiltinESMExports/

/** Files of one process. */
const GROUP_SIZE = 8

/**
 * @param folder that of the tests
 * @param files relative to it, in order
 * @param place a folder to write to
 * @returns absolute paths of what to run
 */
export function groupFiles(folder, files, place) {
  const rooms = new Map()
  const programs = []
  for (const file of files) {
    const path = join(folder, file)
    if (NEEDS_OWN_PROCESS.test(readFileSync(path, 'utf8'))) programs.push(path)
    else rooms.set(file.split('/')[0], [...(rooms.get(file.split('/')[0]) ?? []), path])
  }
  for (const [room, paths] of rooms) {
    for (let at = 0; at < paths.length; at += GROUP_SIZE) {
      const program = join(place, `${room}-${at / GROUP_SIZE}.test.mjs`)
      writeFileSync(program, programOf(paths.slice(at, at + GROUP_SIZE)))
      programs.push(program)
    }
  }
  return programs.sort()
}

/** A file that can't be loaded fails alone. */
function programOf(paths) {
  const lines = paths.map((path) => {
    const failing = `(error) => test(${JSON.stringify(path)}, () => { throw error })`
    return `await import(${JSON.stringify(pathToFileURL(path).href)}).catch(${failing})\n`
  })
  return `import { test } from 'node:test'\n${lines.join('')}`
}
