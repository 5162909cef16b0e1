import { join } from 'node:path'
import media, { createFilesystemStorage } from 'fingerpost/media'
import { createS3Storage } from 'fingerpost/s3'

/** What a portrait may be. */
const AVATAR = { uploadTo: 'avatars/%Y/%m', types: ['image/*'], maxBytes: 2 * 1024 * 1024 }

/**
 * Where portraits are kept: a folder, or the bucket that MEDIA names, as in `MEDIA=s3://bucket/portraits`. S3_ENDPOINT
 * is for servers other than AWS; the credentials are the environment's.
 */
export function chooseStorage({ MEDIA, S3_ENDPOINT }) {
  if (MEDIA === undefined) return createFilesystemStorage({ root: join(import.meta.dirname, 'media') })
  if (!MEDIA.startsWith('s3://')) return createFilesystemStorage({ root: MEDIA })
  const { host: bucket, pathname } = new URL(MEDIA)
  return createS3Storage({ bucket, prefix: pathname.slice(1), endpoint: S3_ENDPOINT })
}

/** The page of the one captain this demo has: a portrait can be uploaded, replaced and removed. */
export async function addProfile(app, layout, storage) {
  await app.register(media, { storage })
  let portrait
  const show = (reply, fault) =>
    reply.view('profile.njk', {
      ...layout,
      current: '/profile',
      storage: storage.name,
      portrait: portrait && { ...portrait, url: app.mediaUrl(portrait.name) },
      fault,
    })

  app.get('/profile', (_request, reply) => show(reply))
  app.post('/profile', async (request, reply) => {
    try {
      const { files } = await request.saveUploads({ files: { avatar: AVATAR } })
      if (files.length > 0 && portrait !== undefined) await app.media.delete(portrait.name)
      portrait = files[0] ?? portrait
    } catch (error) {
      if (error.statusCode === undefined) throw error
      return show(reply.code(error.statusCode), error.message)
    }
    return reply.redirect('/profile', 303)
  })
  app.post('/profile/remove', async (_request, reply) => {
    if (portrait !== undefined) await app.media.delete(portrait.name)
    portrait = undefined
    return reply.redirect('/profile', 303)
  })
}
