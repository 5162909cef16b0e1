// Runs before the first paint, so that a dark page never flashes white: the visitor's choice, else the system's.
;(() => {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const chosen = () => localStorage.getItem('theme') ?? (system.matches ? 'dark' : 'light')
  const apply = () => document.documentElement.setAttribute('data-bs-theme', chosen())
  apply()
  system.addEventListener('change', apply)
  document.addEventListener('click', ({ target }) => {
    if (target.closest('[data-theme-switch]') === null) return
    localStorage.setItem('theme', chosen() === 'dark' ? 'light' : 'dark')
    apply()
  })
})()
