import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { escapeHtml } from '../../template/html.ts'

/**
 * The script that live mode adds to pages. It swaps changed stylesheets in place, reloads the page after any other
 * change it is affected by, and shows problems over the page.
 *
 * It is served as a file, so that `script-src 'self'` allows it, and styles itself through the CSSOM, which no `style-src`
 * forbids.
 */
export const LIVE_CLIENT = `(() => {
  const { src, dataset } = document.currentScript
  const base = new URL('.', src)
  const isErrorPage = 'error' in dataset
  const root = new URL('..', base).pathname
  let source
  // What changed while a page was loading, the page before it in this tab has not seen either.
  const storage = openStorage()
  let seen = storage.fingerpostSeen ?? ''
  let page = 'new'
  performance.setResourceTimingBufferSize?.(10000)

  const LISTENERS = {
    change(changes) {
      if (isErrorPage) return location.reload()
      const swapped = changes.filter(swapStylesheets)
      const isSwapped = swapped.length > 0
      // The other stylesheets are imported by these and come with them.
      const isImported = ({ path }) => isSwapped && /\\.css$/i.test(path)
      const rest = changes.filter((change) => !swapped.includes(change) && !isImported(change))
      if (rest.some(({ path }) => hasLoaded(path, isSwapped) || isInImportMap(path) || isHere(path))) location.reload()
    },
    reload: () => location.reload(),
    names: () => isErrorPage && location.reload(),
    problems: showProblems,
  }

  // Browsers allow few connections to one host, so a hidden page disconnects. It receives later what it has missed.
  function listen() {
    source?.close()
    if (document.hidden) return
    source = new EventSource(new URL('events?' + new URLSearchParams({ seen, page }), base))
    page = ''
    for (const [event, listener] of Object.entries(LISTENERS)) {
      source.addEventListener(event, ({ data, lastEventId }) => {
        seen = storage.fingerpostSeen = lastEventId
        listener(JSON.parse(data))
      })
    }
  }

  /** Pages in a sandbox have none. */
  function openStorage() {
    try {
      return sessionStorage
    } catch {
      return {}
    }
  }

  document.addEventListener('visibilitychange', listen)
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && listen())
  queueMicrotask(listen)

  function pathOf(href) {
    const url = new URL(href, location.href)
    if (url.origin !== location.origin || !url.pathname.startsWith(root)) return undefined
    const file = decodeURIComponent(url.pathname.slice(root.length))
    const plain = file.replace(/\\.[0-9a-f]{16}(?=(?:\\.[^./]+)?(?:\\.map)?$)/, '')
    if (plain === file) return file
    return plain.replace(/~(2B|7E)(?=[^/]*$)/g, (_, code) => (code === '2B' ? '+' : '~'))
  }

  /** Links that are loading, by the link each will replace. */
  const pending = new Map()

  function swapStylesheets({ path, url, integrity }) {
    if (url === undefined) return false
    const loading = [...pending.values()]
    const all = [...document.querySelectorAll('link[rel~="stylesheet"]')]
    const links = all.filter((link) => pathOf(link.href) === path && !loading.includes(link))
    for (const link of links) {
      const next = link.cloneNode()
      if (link.integrity) next.integrity = integrity
      next.href = url
      // It may have been saved again while it was loading.
      pending.get(link)?.remove()
      pending.set(link, next)
      // The old link stays until the new one has loaded: the page is never unstyled.
      const settle = (loser) => {
        // A later save replaced this link, whose event was already on its way.
        if (pending.get(link) !== next) return
        pending.delete(link)
        loser.remove()
      }
      next.addEventListener('load', () => settle(link), { once: true })
      next.addEventListener('error', () => settle(next), { once: true })
      link.after(next)
    }
    return links.length > 0
  }

  /** A swapped stylesheet loads its own files again. */
  function hasLoaded(path, isSwapped) {
    return performance
      .getEntriesByType('resource')
      .some(({ name, initiatorType }) => !(isSwapped && initiatorType === 'css') && pathOf(name) === path)
  }

  /** The page itself may be a file of the sources, the index of a folder, or what the fallback sends. */
  function isHere(path) {
    const here = pathOf(location.href)
    if (path === here) return true
    const isFolder = here !== undefined && (here === '' || here.endsWith('/'))
    if (isFolder && path.startsWith(here) && !path.slice(here.length).includes('/')) return isHtml(path)
    return here !== undefined && !isFolder && !/\\.[^/]*$/.test(here) && isHtml(path)
  }

  function isHtml(path) {
    return /\\.html?$/i.test(path)
  }

  /** The browser refuses other bytes for a module whose integrity is in an import map. */
  function isInImportMap(path) {
    const maps = [...document.querySelectorAll('script[type=importmap]')]
    return maps.some(({ text }) => text && Object.keys(JSON.parse(text).integrity ?? {}).some((url) => pathOf(url) === path))
  }

  const sheet = new CSSStyleSheet()
  sheet.replaceSync(
    'section{position:fixed;inset:auto 0 0 0;max-height:60vh;overflow:auto;z-index:2147483647;margin:0;' +
      'padding:16px 20px;background:#1d1216;color:#fff;border-top:4px solid #e5484d;' +
      'font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}' +
      'h2{margin:0 0 8px;font:inherit;font-weight:700}p{margin:0 0 8px;white-space:pre-wrap}' +
      'b{color:#ff9592;font-weight:400}i{color:#b5b2b8;font-style:normal}' +
      'button{float:right;font:inherit;color:inherit;background:none;border:1px solid #777;border-radius:4px;cursor:pointer}',
  )

  function element(name, text, ...children) {
    const made = document.createElement(name)
    made.append(...(text ? [text] : []), ...children)
    return made
  }

  function showProblems(problems) {
    document.querySelector('fingerpost-problems')?.remove()
    for (const { place, message } of problems) console.error(place + '  ' + message)
    if (problems.length === 0) return
    const host = document.createElement('fingerpost-problems')
    const shadow = host.attachShadow({ mode: 'open' })
    shadow.adoptedStyleSheets = [sheet]
    const close = element('button', 'Close')
    close.addEventListener('click', () => host.remove())
    const title = element('h2', problems.length === 1 ? '1 broken reference' : problems.length + ' broken references')
    const items = problems.map(({ place, message, nearest }) =>
      element('p', '', element('b', place), '  ' + message, ...(nearest.length ? [element('i', '\\n  nearest   ' + nearest.join('  '))] : [])),
    )
    const section = element('section', '', close, title, ...items)
    section.setAttribute('role', 'alert')
    shadow.append(section)
    document.documentElement.append(host)
  }
})()
`

/**
 * Adds the client to every HTML page, with the page's CSP nonce if @fastify/helmet provides one. An error that a browser
 * receives instead of a page becomes a page, so that it is reloaded when the error is fixed.
 */
export function addClientToPages(app: FastifyInstance, src: string): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.getHeader('content-encoding') !== undefined) return payload
    // Rendered templates are text; streams are left alone.
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload
    const type = String(reply.getHeader('content-type') ?? '')
    const isError = reply.statusCode >= 400
    const script = formatScript(src, nonceOf(reply) + (isError ? ' data-error' : ''))
    const isPage = /^text\/html\b/i.test(type)
    const isErrorInsteadOfPage = isError && /^application\/json\b/i.test(type) && wantsPage(request)
    if (!isPage && !isErrorInsteadOfPage) return payload
    reply.removeHeader('content-length')
    if (!isPage) reply.type('text/html; charset=utf-8')
    return insertScript(isPage ? payload.toString() : formatError(payload.toString()), script)
  })
}

function wantsPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && /\btext\/html\b/i.test(headers.accept ?? '')
}

/** @param json the answer of Fastify's error handler, or of the app's own */
function formatError(json: string): string {
  const { error = 'Error', message = json } = JSON.parse(json) as { error?: string; message?: string }
  const [title, text] = [error, message].map((each) => escapeHtml(String(each)))
  return `<!doctype html><title>${title}</title><h1>${title}</h1><pre>${text}</pre>`
}

/** @param attributes further attributes, each with a leading space */
export function formatScript(src: string, attributes = ''): string {
  return `<script src="${src}"${attributes}></script>`
}

/** Inserts before the last `</body>`, or at the end. */
export function insertScript(html: string, script: string): string {
  const index = html.toLowerCase().lastIndexOf('</body')
  return index === -1 ? html + script : html.slice(0, index) + script + html.slice(index)
}

function nonceOf(reply: FastifyReply): string {
  const { cspNonce } = reply as { readonly cspNonce?: { readonly script: string } }
  return cspNonce === undefined ? '' : ` nonce="${cspNonce.script}"`
}
