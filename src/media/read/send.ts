import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Storage } from '../../storage/storage.ts'
import type { MediaAnswer, MediaBody } from './answer.ts'

/** Puts an answer onto a reply. */
export type SendAnswer = (reply: FastifyReply, answer: MediaAnswer) => FastifyReply

/** What a body of the kind `file` says. */
export type FileBody = Extract<MediaBody, { kind: 'file' }>

/** Sends stored bytes on a reply that has its status and headers. */
export type SendBytes = (reply: FastifyReply, body: FileBody) => FastifyReply

/** Makes the sender of a plugin. @param sendBytes how files are sent */
export function createSender(sendBytes: SendBytes): SendAnswer {
  return (reply, { status, headers, body }) => {
    reply.code(status).headers({ ...headers })
    if (body === undefined || reply.request.method === 'HEAD') {
      // The length of a HEAD is that of the GET; without a body Fastify would write 0 over it.
      return headers['content-length'] === undefined ? reply.send() : reply.send(Readable.from([]))
    }
    return body.kind === 'text' ? reply.send(body.text) : sendBytes(reply, body)
  }
}

/** Sends from any storage, as the bytes come. */
export function sendFromStorage(storage: Storage): SendBytes {
  return (reply, { key, range }) => reply.send(Readable.from(storage.open(key, range), { objectMode: false }))
}
