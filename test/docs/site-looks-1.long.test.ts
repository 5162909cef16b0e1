import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasTool } from '../support/require.ts'
import { findFaultsOf, urlsOf } from './site.ts'

test('the pages of the site are whole in light and dark, at 1280 and 375 px: part 1 of 4', {
  timeout: 290_000,
}, async (context) => {
  if (!hasTool(context, 'chromium')) return
  assert.ok(urlsOf(1).length > 10)
  assert.deepEqual(await findFaultsOf(context, urlsOf(1)), [])
})
