// Shows what the page has downloaded, from the browser's own timing data.

const panel = document.querySelector('[data-requests]')
const OPEN = 'requests-open'

panel.open = sessionStorage.getItem(OPEN) === 'yes'
panel.addEventListener('toggle', () => sessionStorage.setItem(OPEN, panel.open ? 'yes' : 'no'))
if (document.readyState === 'complete') show()
else addEventListener('load', show)

function show() {
  const base = new URL('..', import.meta.url).href
  const files = performance.getEntriesByType('resource').filter(({ name }) => name.startsWith(base))
  const bytes = files.reduce((sum, { transferSize }) => sum + transferSize, 0)
  const kept = files.filter(({ transferSize }) => transferSize === 0).length
  panel.querySelector('[data-sum]').textContent =
    `${files.length} files, ${bytes.toLocaleString('en')} bytes downloaded, ${kept} files from the browser's cache.`
  const rows = files.map(({ name, transferSize, contentEncoding }) => {
    const from = transferSize === 0 ? 'cache' : transferSize.toLocaleString('en')
    return row(decodeURI(name.slice(base.length)), contentEncoding || '–', from)
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
