import { join } from 'node:path'
import { CACHE } from '../setup/folders.ts'
import { BULK_RECIPE, bulkSite } from './bulk-site.ts'
import { GROWTH_RECIPE, growthSite } from './growth-site.ts'
import { SERVING_RECIPE, servingSite } from './serving-site.ts'
import { writeFiles } from './write-files.ts'

/** The twenty packages of the reference work, and the big one whose memory is watched. */
export const REAL_PACKAGES = [
  'bootstrap',
  'bootstrap-icons',
  '@fortawesome/fontawesome-free',
  'katex',
  'leaflet',
  'flag-icons',
  '@tabler/core',
  'jquery-ui-dist',
  'swagger-ui-dist',
  'lodash-es',
  'date-fns',
  'three',
  '@ionic/core',
  'pixi.js',
  'pdfjs-dist',
  'highlight.js',
  'dijit',
  'semantic-ui-css',
  '@fontsource/noto-sans-jp',
  'mathjax',
] as const

/** The folder of the files that the serving profiles ask for. */
export async function servingSource(): Promise<string> {
  const folder = join(CACHE, 'made', 'serving')
  await writeFiles(folder, SERVING_RECIPE, servingSite())
  return folder
}

/** The folder of a made-up site of so many files. */
export async function growthSource(count: number): Promise<string> {
  const folder = join(CACHE, 'made', `growth-${count}`)
  await writeFiles(folder, `${GROWTH_RECIPE}, ${count}`, growthSite(count))
  return folder
}

/** The folder of so many files of 100 KB. */
export async function bulkSource(count: number): Promise<string> {
  const folder = join(CACHE, 'made', `bulk-${count}`)
  await writeFiles(folder, `${BULK_RECIPE}, ${count}`, bulkSite(count))
  return folder
}
