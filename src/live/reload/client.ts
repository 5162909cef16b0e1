/**
 * The script live mode puts into pages. It listens for changes: stylesheets are swapped in place; what else the page has
 * loaded makes it load anew. Problems are shown over the page, with their places.
 *
 * It is a file of its own, so that `script-src 'self'` allows it, and styles itself through the CSSOM, which no
 * `style-src` forbids.
 */
export const LIVE_CLIENT = `(() => {
  const base = new URL('.', document.currentScript.src)
  const root = new URL('..', base).pathname
  let source
  let seen = ''
  performance.setResourceTimingBufferSize?.(10000)

  const LISTENERS = {
    change(changes) {
      const swapped = changes.filter(swapStylesheets)
      const isSwapped = swapped.length > 0
      // What is left of the stylesheets is imported by those: it comes with them, whatever had preloaded it.
      const comes = ({ path }) => isSwapped && /\\.css$/i.test(path)
      const rest = changes.filter((change) => !swapped.includes(change) && !comes(change))
      if (rest.some(({ path }) => hasLoaded(path, isSwapped) || isPromised(path) || isHere(path))) location.reload()
    },
    reload: () => location.reload(),
    problems: showProblems,
  }

  // A hidden page lets go: a browser has few connections to one host, and other tabs want theirs. Back in view it is
  // told what it has missed.
  function listen() {
    source?.close()
    if (document.hidden) return
    source = new EventSource(new URL('events?seen=' + encodeURIComponent(seen), base))
    for (const [event, listener] of Object.entries(LISTENERS)) {
      source.addEventListener(event, ({ data, lastEventId }) => {
        seen = lastEventId
        listener(JSON.parse(data))
      })
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
    return file.replace(/\\.[0-9a-f]{16}(?=(?:\\.[^./]+)?(?:\\.map)?$)/, '')
  }

  /** What takes the place of a link once it is loaded. */
  const coming = new Map()

  function swapStylesheets({ path, url, integrity }) {
    const all = [...document.querySelectorAll('link[rel~="stylesheet"]')].filter((link) => pathOf(link.href) === path)
    const links = all.filter((link) => ![...coming.values()].includes(link))
    if (url === undefined) return false
    for (const link of links) {
      const next = link.cloneNode()
      if (link.integrity) next.integrity = integrity
      next.href = url
      // Saved again before it was there.
      coming.get(link)?.remove()
      coming.set(link, next)
      // The old one goes when the new one is there: the page is never without style.
      const settle = (loser) => {
        if (coming.get(link) === next) coming.delete(link)
        loser.remove()
      }
      next.addEventListener('load', () => settle(link), { once: true })
      next.addEventListener('error', () => settle(next), { once: true })
      link.after(next)
    }
    return links.length > 0
  }

  /** What a stylesheet has loaded comes anew with the stylesheet, if there is a link to swap. */
  function hasLoaded(path, isSwapped) {
    return performance
      .getEntriesByType('resource')
      .some(({ name, initiatorType }) => !(isSwapped && initiatorType === 'css') && pathOf(name) === path)
  }

  /** The page itself is a file of the sources: named in the address, or the index of the folder that is. */
  function isHere(path) {
    const here = pathOf(location.href)
    if (here === undefined) return false
    if (path === here) return true
    const isFolder = here === '' || here.endsWith('/')
    return isFolder && path.startsWith(here) && /^[^/]+\\.html?$/i.test(path.slice(here.length))
  }

  /** A module that an import map gives an integrity can't come with other bytes any more. */
  function isPromised(path) {
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
    const title = element('h2', problems.length === 1 ? 'One reference leads nowhere' : problems.length + ' references lead nowhere')
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
