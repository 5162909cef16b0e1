import { randomUUID } from 'node:crypto'
import { after, type TestContext } from 'node:test'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3.ts'
import { type S3Server, startS3Server } from './ceph.ts'
import { hasTool } from './require.ts'

/** One real S3 server for a test file, started by the first test that asks and ended with the file. */
export interface S3Lab {
  /** The server; undefined, and the test skipped, where Ceph isn't installed. */
  server(context: TestContext): Promise<S3Server | undefined>
  /** An empty storage: a prefix of its own in the one bucket. Options override what it is made with. */
  storage(context: TestContext, options?: Partial<S3Options>): Promise<S3Storage | undefined>
  /** The server's endpoint, with its credentials where the SDK looks for them until the test ends. */
  environment(context: TestContext): Promise<string | undefined>
}

export const BUCKET = 'fingerpost'

/** Call it at the top of a test file. */
export function createS3Lab(): S3Lab {
  let starting: Promise<S3Server> | undefined
  after(async () => (await starting)?.stop())
  const server = async (context: TestContext) => {
    if (!hasTool(context, 'ceph')) return undefined
    starting ??= startWithBucket()
    return starting
  }
  return {
    server,
    async storage(context, options = {}) {
      const running = await server(context)
      return running && createS3Storage({ ...optionsFor(running), prefix: randomUUID(), ...options })
    },
    async environment(context) {
      const running = await server(context)
      if (running === undefined) return undefined
      const { accessKeyId, secretAccessKey } = running.credentials
      const variables = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
      Object.assign(process.env, variables)
      context.after(() => {
        for (const name of Object.keys(variables)) delete process.env[name]
      })
      return running.endpoint
    },
  }
}

/** What a storage needs to reach the server. */
export function optionsFor({ endpoint, region, credentials }: S3Server): S3Options {
  return { bucket: BUCKET, endpoint, region, credentials }
}

/** A client of the SDK, to look behind the storage's back. */
export function clientFor({ endpoint, region, credentials }: S3Server): S3Client {
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true })
}

async function startWithBucket(): Promise<S3Server> {
  const server = await startS3Server()
  try {
    // Another test file of the run may have made it; to its owner that is no error.
    await clientFor(server).send(new CreateBucketCommand({ Bucket: BUCKET }))
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}
