import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { componentsInOrder } from '../../../src/builder/rewrite/graph.ts'

const edgesOf = (object: Record<string, readonly string[]>) => new Map(Object.entries(object))

test('a node comes after everything it leads to', () => {
  const edges = edgesOf({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })
  assert.deepEqual(componentsInOrder(edges.keys(), edges), [['d'], ['b'], ['c'], ['a']])
})

test('a circle is one component, a self-reference its own', () => {
  const edges = edgesOf({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['d'] })
  assert.deepEqual(componentsInOrder(edges.keys(), edges), [['d'], ['a', 'b', 'c']])
})

test('an edge to an unknown node leads nowhere', () => {
  assert.deepEqual(componentsInOrder(['a'], edgesOf({ a: ['ghost'] })), [['a']])
})

test('a chain of 100,000 imports needs no stack', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `n${index}`)
  const edges = new Map(
    names.map((name, index) => [name, index + 1 < names.length ? [`n${index + 1}`] : ['n0']]),
  )
  assert.equal(componentsInOrder(names, edges).length, 1)
})

test('components are exactly the sets of nodes that reach each other, in dependency order, whatever the input order', () => {
  const node = fc.constantFrom(...'abcdefgh')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(node, node)),
      fc.shuffledSubarray([...'abcdefgh'], { minLength: 8 }),
      (pairs, order) => {
        const edges = new Map<string, string[]>()
        for (const [from, to] of pairs) edges.set(from, [...(edges.get(from) ?? []), to])
        const components = componentsInOrder(order, edges)
        assert.deepEqual(components, componentsInOrder('abcdefgh', edges))

        const reach = reachability('abcdefgh', edges)
        const place = new Map(
          components.flatMap((members, index) => members.map((member) => [member, index] as const)),
        )
        for (const a of 'abcdefgh') {
          for (const b of reach.get(a) ?? []) {
            const mutual = reach.get(b)?.has(a) ?? false
            assert.equal(place.get(a) === place.get(b), mutual || a === b)
            assert.ok((place.get(b) ?? 0) <= (place.get(a) ?? 0))
          }
        }
      },
    ),
  )
})

function reachability(
  nodes: string,
  edges: ReadonlyMap<string, readonly string[]>,
): Map<string, Set<string>> {
  return new Map(
    [...nodes].map((start) => {
      const seen = new Set<string>()
      const queue = [...(edges.get(start) ?? [])]
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        if (seen.has(next)) continue
        seen.add(next)
        queue.push(...(edges.get(next) ?? []))
      }
      return [start, seen]
    }),
  )
}
