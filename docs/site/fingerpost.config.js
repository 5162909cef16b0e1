import { defineConfig } from 'fingerpost'

/** The site that VitePress wrote. What is in `assets` has its hash from VitePress and keeps its name. */
export default defineConfig({
  sources: ['../../.cache/docs/pages'],
  url: '/',
  html: true,
  prehashed: ['assets/**'],
  dictionaries: true,
  out: '../../.cache/docs/staticfiles',
  cache: { dir: '../../.cache/docs/fingerpost' },
})
