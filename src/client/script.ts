/**
 * The script of a page that may outlive a deploy, below 1 KB. It compares the version in the page's `<meta>` with that of
 * the server: once a minute at most while the tab is shown, when it is shown again, and when a dynamic import fails.
 *
 * Served by the plugin, and published as `fingerpost/client` for bundlers.
 */
export const CLIENT_SCRIPT = `const meta = document.querySelector('meta[name=fingerpost-version]')
const minute = 60000
let asked = Date.now()
let done = !meta

async function ask() {
  if (done) return
  asked = Date.now()
  const answer = await fetch(meta.dataset.url, { cache: 'no-store' }).catch(() => ({}))
  const version = answer.ok && await answer.text()
  if (done || !version || version === meta.content) return
  done = true
  dispatchEvent(new CustomEvent('fingerpost:outdated', { detail: { version } }))
}

const askInTurn = () => document.hidden || Date.now() - asked < minute || ask()
setInterval(askInTurn, minute)
document.addEventListener('visibilitychange', askInTurn)
addEventListener('pageshow', askInTurn)
addEventListener('vite:preloadError', ask)
addEventListener('unhandledrejection', ({ reason }) => /dynamically imported module|importing a module script/i.test(reason?.message) && ask())
`
