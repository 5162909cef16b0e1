import { basename, dirname, resolve } from 'node:path'
import { createDigester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { MANIFEST_FILE, parseManifest } from '../../core/manifest/manifest.ts'
import { comparePaths } from '../../core/path.ts'
import { createFilesystemStorage } from '../../storage/disk/filesystem.ts'
import type { Storage } from '../../storage/storage.ts'
import { type TarFile, writeTar } from '../../storage/tar.ts'
import { type BuildEnvironment, createBuildContext } from '../context.ts'
import { promisedFiles } from '../publish/output.ts'
import type { PackReport } from '../report.ts'
import type { BuildOptions } from '../settings/options.ts'

/**
 * Writes a build into an archive: its manifest and all its files, precompressed ones included. The next build adds them
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
  const files = [...promisedFiles(manifest)].sort(([a], [b]) => comparePaths(a, b))
  const { of: digestOf } = await createDigester()
  async function* contents(): AsyncIterable<TarFile> {
    yield { name: MANIFEST_FILE, bytes: text }
    for (const [key, { etag }] of files) {
      const bytes = await storage.read(key)
      if (digestOf(bytes) !== etag) throw damaged(storage, key)
      yield { name: key, bytes }
    }
  }
  const folder = createFilesystemStorage({ root: dirname(archive) })
  const { size } = await folder.save(basename(archive), writeTar(contents()), { overwrite: true })
  return { out: storage.name, archive, digest: manifest.digest, files: files.length + 1, bytes: size }
}

function damaged({ name }: Storage, key: string): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${key} in ${name} differs from the manifest.`, {
    remedy: 'Remove it and build again. Precompressed files are repaired by fingerpost check --repair.',
    details: { out: name, key },
  })
}
