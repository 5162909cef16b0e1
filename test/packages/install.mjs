// Installs the packages that packages.test.ts builds: real ones, versions pinned, into an ignored folder.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', '..', '.cache', 'packages')
const pinned = JSON.parse(readFileSync(join(import.meta.dirname, 'packages.json'), 'utf8'))
const missing = Object.entries(pinned).filter(([name, { version }]) => !isInstalled(name, version))

if (missing.length > 0) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const specs = Object.entries(pinned).map(([name, { version }]) => `${name}@${version}`)
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--legacy-peer-deps']
  execFileSync('npm', ['install', '--no-save', ...options, ...specs], { cwd: folder, stdio: 'inherit' })
}

function isInstalled(name, version) {
  const file = join(folder, 'node_modules', name, 'package.json')
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).version === version
}
