import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasTool } from '../support/require.ts'
import { findFaultsOf, isGuide, URLS } from './site.ts'

test('every other page of the site is whole in light, dark and at 375 px', {
  timeout: 290_000,
}, async (context) => {
  if (!hasTool(context, 'chromium')) return
  const pages = URLS.filter((url) => !isGuide(url))
  assert.ok(pages.length > 15)
  assert.deepEqual(await findFaultsOf(context, pages), [])
})
