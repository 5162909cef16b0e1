import { basename, dirname, resolve } from 'node:path'
import { createDigester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { MANIFEST_FILE, parseManifest } from '../../core/manifest/manifest.ts'
import { comparePaths } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { type TarFile, writeTar } from '../../storage/tar.ts'
import { type BuildEnvironment, surroundingsOf } from '../environment.ts'
import { promisedFiles } from '../publish/output.ts'
import type { PackReport } from '../report.ts'
import { type BuildOptions, parseBuildOptions } from '../settings/options.ts'

/**
 * Writes the build in force into an archive: its manifest and every file it promises, siblings included. The next
 * build carries them forward with `previous`, on a machine that has never seen this one's disk.
 *
 * @param file where to, relative to the working directory; what is there is replaced, as a whole or not at all
 * @throws FingerpostError `FP_DAMAGED` for a file that isn't what the manifest promises, `FP_NOT_FOUND` without a build
 */
export async function pack(
  options: BuildOptions,
  file: string,
  environment: BuildEnvironment = {},
): Promise<PackReport> {
  const cwd = environment.cwd ?? process.cwd()
  const { storage } = surroundingsOf(environment, parseBuildOptions(options, cwd))
  const archive = resolve(cwd, file)
  const text = await storage.read(MANIFEST_FILE)
  const manifest = parseManifest(text.toString(), storage.name)
  const files = [...promisedFiles(manifest)].sort(([a], [b]) => comparePaths(a, b))
  const { of: digestOf } = await createDigester()
  async function* contents(): AsyncIterable<TarFile> {
    yield { name: MANIFEST_FILE, bytes: text }
    for (const [key, { etag }] of files) {
      const bytes = await storage.read(key)
      if (digestOf(bytes) !== etag) throw notAsPromised(storage, key)
      yield { name: key, bytes }
    }
  }
  const folder = createFilesystemStorage({ root: dirname(archive) })
  const { size } = await folder.save(basename(archive), writeTar(contents()), { overwrite: true })
  return { out: storage.name, archive, digest: manifest.digest, files: files.length + 1, bytes: size }
}

function notAsPromised({ name }: Storage, key: string): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${key} in ${name} isn't what the manifest promises.`, {
    remedy: 'Remove it and build again; siblings are made anew by fingerpost check --repair.',
    details: { out: name, key },
  })
}
