import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatNumber } from '../report/figures.ts'
import { tableAsText } from '../report/table.ts'
import { type CpuProfile, type HeapProfile, type HotSpot, hotAllocations, hotFunctions } from './hot-spots.ts'

const SHOWN = 15

/** The hottest functions of every profile in a folder, and where to open the profiles. */
export async function summariseProfiles(folder: string): Promise<string> {
  const parts = [`profiles for the developer tools of Chromium are in ${folder}`]
  for (const name of (await readdir(folder)).sort()) {
    const read = async () => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown
    if (name.endsWith('.cpuprofile')) {
      parts.push(spotsAsText(`time of ${name}, ms`, hotFunctions((await read()) as CpuProfile, SHOWN)))
    }
    if (name.endsWith('.heapprofile')) {
      parts.push(
        spotsAsText(`allocations of ${name}, bytes`, hotAllocations((await read()) as HeapProfile, SHOWN)),
      )
    }
  }
  return parts.join('\n\n')
}

function spotsAsText(title: string, spots: readonly HotSpot[]): string {
  const rows = spots.map(({ where, amount, share }) => [
    where,
    formatNumber(amount),
    `${(share * 100).toFixed(1)} %`,
  ])
  return tableAsText({ title, head: ['function', 'itself', 'share'], rows })
}
