import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distanceWithin, nearestNames } from '../../src/core/nearest.ts'

test('the distance counts insertions, deletions, replacements and swaps', () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ['site', 'site', 0],
    ['site', 'stie', 1],
    ['site', 'sites', 1],
    ['site', 'cite', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ]
  for (const [a, b, distance] of rows) {
    assert.equal(distanceWithin(a, b, 9), distance)
    assert.equal(distanceWithin(b, a, 9), distance)
  }
  assert.equal(distanceWithin('kitten', 'sitting', 2), 3)
})

test('the nearest names come first, three at most, and nonsense brings none', () => {
  const known = [
    'css/site.css',
    'css/side.css',
    'css/print.css',
    'js/site.js',
    'css/sites.css',
    'css/sitte.css',
  ]
  assert.deepEqual(nearestNames('css/styl', known), [])
  assert.deepEqual(nearestNames('css/stie.css', known), ['css/site.css', 'css/side.css', 'css/sites.css'])
})

test('letter case does not hide a name, nor does another folder', () => {
  assert.deepEqual(nearestNames('IMG/Logo.PNG', ['img/logo.png', 'a']), ['img/logo.png'])
  assert.deepEqual(nearestNames('logo.png', ['a/very/long/way/to/logo.png']), ['a/very/long/way/to/logo.png'])
})
