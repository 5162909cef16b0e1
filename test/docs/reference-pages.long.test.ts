import { test } from 'node:test'
import { createS3Lab } from '../support/s3.ts'
import { bucketEnvironment } from './guide.ts'
import { followPage, REFERENCE_PAGES } from './reference-pages.ts'

const lab = createS3Lab()

for (const [page, setup] of Object.entries(REFERENCE_PAGES)) {
  test(`every command and piece of code of ${page} runs as it is printed`, async (context) => {
    if (setup.bucket === undefined) return followPage(context, page, setup)
    const server = await lab.server(context)
    if (server !== undefined) await followPage(context, page, setup, await bucketEnvironment(server))
  })
}
