import { basename, dirname, resolve } from 'node:path'
import { createDigester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { DICTIONARIES_FILE } from '../../core/manifest/dictionaries.ts'
import { MANIFEST_FILE, parseManifest } from '../../core/manifest/manifest.ts'
import { comparePaths } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { type TarFile, writeTar } from '../../storage/tar.ts'
import { type BuildEnvironment, createBuildContext } from '../context.ts'
import { promisedDeltas, readDictionaries } from '../publish/dictionaries.ts'
import { promisedFiles } from '../publish/output.ts'
import type { PackReport } from '../report.ts'
import type { BuildOptions } from '../settings/options.ts'

/**
 * Writes a build into an archive: its manifest and all its files, precompressed ones and deltas included. The next build adds them
 * with `previous`, on any machine.
 *
 * @param file relative to the working directory; an existing one is replaced, as a whole or not at all
 * @throws FingerpostError `FP_DAMAGED` for a file that differs from the manifest, `FP_NOT_FOUND` without a build
 */
export async function pack(
  options: BuildOptions,
  file: string,
  environment: BuildEnvironment = {},
): Promise<PackReport> {
  const { storage, config } = createBuildContext(options, environment)
  const archive = resolve(config.cwd, file)
  const text = await storage.read(MANIFEST_FILE)
  const manifest = parseManifest(text.toString(), storage.name)
  const dictionaries = await readDictionaries(storage)
  const promised = [...promisedFiles(manifest), ...promisedDeltas(dictionaries, manifest)]
  const files = promised.sort(([a], [b]) => comparePaths(a, b))
  const { of: digestOf } = await createDigester()
  async function* contents(): AsyncIterable<TarFile> {
    yield { name: MANIFEST_FILE, bytes: text }
    if (dictionaries !== undefined)
      yield { name: DICTIONARIES_FILE, bytes: await storage.read(DICTIONARIES_FILE) }
    for (const [key, { etag }] of files) {
      const bytes = await storage.read(key)
      if (digestOf(bytes) !== etag) throw damaged(storage, key)
      yield { name: key, bytes }
    }
  }
  const own = dictionaries === undefined ? 1 : 2
  const folder = createFilesystemStorage({ root: dirname(archive) })
  const { size } = await folder.save(basename(archive), writeTar(contents()), { overwrite: true })
  return { out: storage.name, archive, digest: manifest.digest, files: files.length + own, bytes: size }
}

function damaged({ name }: Storage, key: string): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${key} in ${name} differs from the manifest.`, {
    remedy: 'Remove it and build again. Precompressed files are repaired by fingerpost check --repair.',
    details: { out: name, key },
  })
}
