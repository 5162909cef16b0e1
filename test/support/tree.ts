import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

/** A symbolic link in a {@link Tree}. */
export class Link {
  readonly to: string
  constructor(to: string) {
    this.to = to
  }
}

/** A folder as an object: text, bytes, links and folders by name. A name may contain slashes. */
export interface Tree {
  readonly [name: string]: string | Uint8Array | Link | Tree
}

/** How long a folder lasts: as long as a test, or {@link WHOLE_FILE}. */
export interface Scope {
  after(remove: () => void): void
}

/** For folders that are made once and read by all tests of a file. */
export const WHOLE_FILE: Scope = { after: (remove) => void process.once('exit', remove) }

/** A new temporary folder with this content, removed when the test ends. Returns its absolute path. */
export function makeTree(scope: Scope, tree: Tree = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'fingerpost-test-'))
  scope.after(() => rmSync(root, { recursive: true, force: true }))
  writeTree(root, tree)
  return root
}

/** Adds files to a folder, in the order of the object's keys. */
export function writeTree(root: string, tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content)
    else if (content instanceof Link) symlinkSync(content.to, path)
    else {
      mkdirSync(path, { recursive: true })
      writeTree(path, content)
    }
  }
}

/** Every file below a folder with its bytes, by its path relative to the folder. For comparing whole trees. */
export function readTree(root: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(relative(root, path), readFileSync(path))
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}
