import { createRequire } from 'node:module'

// Runs in a worker thread, from the sources and from the package alike; JavaScript, because Node 20 loads nothing else
// there. `require`, because the ES module of brotli-wasm is for browsers.
const brotli = createRequire(import.meta.url)('brotli-wasm')

export default ({ bytes, quality }) => brotli.compress(bytes, { quality })
