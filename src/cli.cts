#!/usr/bin/env node
const { availableParallelism } = require('node:os')

// The program as it is installed. CommonJS, because Node 20 starts its thread pool when it loads the first ES module,
// and the pool's size is fixed from then on: one thread for each core to compress on, and some that wait for the disk.
if (process.argv[2] === 'build') process.env['UV_THREADPOOL_SIZE'] ??= String(availableParallelism() + 4)

import('./cli.js')
