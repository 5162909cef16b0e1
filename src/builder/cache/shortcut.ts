export { createUnchangedCheck as createShortcut } from '../unchanged.ts'
