import { createMemoryStorage } from '../../src/storage/memory.ts'
import { startSigningStorage } from '../support/signing-storage.ts'
import { testStorageContract } from './contract.ts'

testStorageContract('memory', () => createMemoryStorage())

testStorageContract('memory with signed URLs', startSigningStorage)
