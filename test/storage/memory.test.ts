import { createMemoryStorage } from '../../src/storage/memory.ts'
import { testStorageContract } from './contract.ts'

testStorageContract('memory', () => createMemoryStorage())
