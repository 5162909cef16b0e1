// Loads TypeScript for the tests, where Node doesn't by itself: `tsx` takes three times the processor time to start, in
// each of some two hundred test files.
import { register } from 'node:module'

if (!process.features.typescript) register('./typescript-loader.mjs', import.meta.url)
