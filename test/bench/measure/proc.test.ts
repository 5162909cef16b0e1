import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cpuMsOf,
  parseCpuMs,
  parseMemory,
  parseOwnTicks,
  residentBytesOf,
  ticksOfMachine,
} from '../../../bench/measure/proc.ts'

const STAT = '42 (node (a b) c) S 1 42 42 0 -1 4194304 900 0 0 0 150 25 7 7 20 0 11 0 100 1 1'

test('processor time is user and system time, in ticks of 10 ms', () => {
  assert.equal(parseCpuMs(STAT), 1750)
})

test('what ended children took counts as our own', () => {
  assert.equal(parseOwnTicks(STAT), 150 + 25 + 7 + 7)
})

test('the machine is busy when a program has it: not idle, waiting for a disk or in an interrupt', () => {
  const stat = 'cpu  10 20 30 400 50 6 7 8 9 1\ncpu0 1 2 3 4\n'
  assert.deepEqual(ticksOfMachine(stat), { all: 531, busy: 68 })
})

test('memory is read from the line of that name', () => {
  const status = 'Name:\tnode\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n'
  assert.equal(parseMemory(status, 'VmRSS'), 1024 * 1024)
  assert.equal(parseMemory(status, 'VmHWM'), 2048 * 1024)
  assert.equal(parseMemory('Name:\tkthreadd\n', 'VmRSS'), 0)
})

test('this process has taken time and holds memory', { skip: process.platform !== 'linux' }, () => {
  assert.ok((cpuMsOf(process.pid) ?? 0) > 0)
  assert.ok((residentBytesOf(process.pid) ?? 0) > 2 ** 20)
})

test('a process that is gone has no figures', () => {
  assert.equal(cpuMsOf(2 ** 30), undefined)
})
