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
  const source = new EventSource(new URL('events', base))
  performance.setResourceTimingBufferSize?.(10000)
  let instance

  source.addEventListener('hello', ({ data }) => {
    // Another process answers: everything may have changed.
    if (instance !== undefined && instance !== data) location.reload()
    instance = data
  })
  source.addEventListener('change', ({ data }) => {
    const changes = JSON.parse(data)
    const swapped = changes.filter(swapStylesheets)
    // What is left of the stylesheets is imported by those: it comes with them, whatever had preloaded it.
    const comes = ({ path }) => swapped.length > 0 && /\\.css$/i.test(path)
    const rest = changes.filter((change) => !swapped.includes(change) && !comes(change))
    if (rest.some(({ path }) => hasLoaded(path) || isPromised(path))) location.reload()
  })
  source.addEventListener('reload', () => location.reload())
  source.addEventListener('problems', ({ data }) => showProblems(JSON.parse(data)))
  addEventListener('pagehide', () => source.close())

  function pathOf(href) {
    const url = new URL(href, location.href)
    if (url.origin !== location.origin || !url.pathname.startsWith(root)) return undefined
    const file = decodeURIComponent(url.pathname.slice(root.length))
    return file.replace(/\\.[0-9a-f]{16}(?=(?:\\.[^./]+)?(?:\\.map)?$)/, '')
  }

  function swapStylesheets({ path, url, integrity }) {
    const links = [...document.querySelectorAll('link[rel~="stylesheet"]')].filter((link) => pathOf(link.href) === path)
    if (url === undefined) return false
    for (const link of links) {
      const next = link.cloneNode()
      if (link.integrity) next.integrity = integrity
      next.href = url
      // The old one goes when the new one is there: the page is never without style.
      next.addEventListener('load', () => link.remove(), { once: true })
      next.addEventListener('error', () => next.remove(), { once: true })
      link.after(next)
    }
    return links.length > 0
  }

  /** What a stylesheet has loaded comes anew with the stylesheet. */
  function hasLoaded(path) {
    return performance
      .getEntriesByType('resource')
      .some(({ name, initiatorType }) => initiatorType !== 'css' && pathOf(name) === path)
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
