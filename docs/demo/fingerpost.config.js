import { defineConfig } from 'fingerpost'

const packages = '../../node_modules'

/** Everything the demo serves: its own files, and what it needs of seven npm packages. Paths are relative to this file. */
export default defineConfig({
  sources: [
    'static',
    { dir: `${packages}/bootstrap/dist`, prefix: 'vendor/bootstrap' },
    { dir: `${packages}/@fortawesome/fontawesome-free/css`, prefix: 'vendor/fontawesome/css' },
    { dir: `${packages}/@fortawesome/fontawesome-free/webfonts`, prefix: 'vendor/fontawesome/webfonts' },
    { dir: `${packages}/katex/dist`, prefix: 'vendor/katex' },
    { dir: `${packages}/leaflet/dist`, prefix: 'vendor/leaflet' },
    { dir: `${packages}/flag-icons/css`, prefix: 'vendor/flag-icons/css' },
    { dir: `${packages}/flag-icons/flags`, prefix: 'vendor/flag-icons/flags' },
    { dir: `${packages}/@fontsource-variable/fraunces/files`, prefix: 'vendor/fonts' },
    { dir: `${packages}/@fontsource-variable/inter/files`, prefix: 'vendor/fonts' },
  ],
  // What the packages bring and the site doesn't use. Globs are relative to each source.
  ignore: ['bootstrap-*', '*.rtl.*', '{fraunces,inter}-!(latin-wght-*)'],
  out: 'staticfiles',
  dictionaries: true,
  cache: { dir: '../../.cache/demo' },
})
