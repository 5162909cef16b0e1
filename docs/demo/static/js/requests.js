// Shows what the page has downloaded, from the browser's own timing data.

const panel = document.querySelector('[data-requests]')
const OPEN = 'requests-open'

panel.open = sessionStorage.getItem(OPEN) === 'yes'
panel.addEventListener('toggle', () => sessionStorage.setItem(OPEN, panel.open ? 'yes' : 'no'))
if (document.readyState === 'complete') show()
else addEventListener('load', show)

function show() {
  const base = new URL('..', import.meta.url).href
  const own = performance.getEntriesByType('resource').filter(({ name }) => name.startsWith(location.origin))
  const requests = [...performance.getEntriesByType('navigation'), ...own]
  const bytes = requests.reduce((sum, { transferSize }) => sum + transferSize, 0)
  const kept = requests.filter(({ transferSize }) => transferSize === 0).length
  panel.querySelector('[data-sum]').textContent =
    `${requests.length} requests, ${bytes.toLocaleString('en')} bytes downloaded, ${kept} answered by the browser's cache.`
  const rows = requests.map(({ name, transferSize, contentEncoding }) => {
    const path = name.startsWith(base) ? name.slice(base.length) : name.slice(location.origin.length)
    const from = transferSize === 0 ? 'cache' : 'network'
    return row(decodeURI(path), contentEncoding || '–', transferSize.toLocaleString('en'), from)
  })
  panel.querySelector('tbody').replaceChildren(...rows)
}

function row(...texts) {
  const made = document.createElement('tr')
  made.append(...texts.map((text) => Object.assign(document.createElement('td'), { textContent: text })))
  return made
}

const button = panel.querySelector('[data-deploy]')
button?.addEventListener('click', async () => {
  button.disabled = true
  button.textContent = 'Building …'
  const { ok } = await fetch('/deploy', { method: 'POST' })
  if (ok) location.reload()
  else button.textContent = 'The build failed: see the terminal'
})
