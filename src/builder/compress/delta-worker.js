import zlib from 'node:zlib'

// Runs in a worker thread, from the sources and from the package alike; JavaScript, because Node 20 loads nothing else
// there.
export default ({ method, bytes, options }) => zlib[method](bytes, options)
