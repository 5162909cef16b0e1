import type { FastifyInstance, FastifyReply } from 'fastify'

/** Puts a script at the end of every HTML page, with the page's CSP nonce where @fastify/helmet gives one. */
export function injectScript(app: FastifyInstance, src: string): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    const type = String(reply.getHeader('content-type') ?? '')
    if (!/^text\/html\b/i.test(type) || reply.getHeader('content-encoding') !== undefined) return payload
    const html = textOf(payload)
    if (html === undefined) return payload
    // The length was that of the page without the script.
    reply.removeHeader('content-length')
    return insertScript(html, formatScript(src, nonceOf(reply)))
  })
}

/** @param attributes more of them, each with a space before it */
export function formatScript(src: string, attributes = ''): string {
  return `<script src="${src}"${attributes}></script>`
}

/** Before the last `</body>`, or at the end. */
export function insertScript(html: string, script: string): string {
  const index = html.toLowerCase().lastIndexOf('</body')
  return index === -1 ? html + script : html.slice(0, index) + script + html.slice(index)
}

/** undefined for a stream: what templates render is text. */
function textOf(payload: unknown): string | undefined {
  if (typeof payload === 'string') return payload
  return Buffer.isBuffer(payload) ? payload.toString() : undefined
}

function nonceOf(reply: FastifyReply): string {
  const { cspNonce } = reply as { readonly cspNonce?: { readonly script: string } }
  return cspNonce === undefined ? '' : ` nonce="${cspNonce.script}"`
}
