/** Nodes that form a cycle, sorted; nearly always a single node. */
export type Component = readonly string[]

/** The targets of each node. Nodes without an entry have none. */
export type Edges = ReadonlyMap<string, readonly string[]>

/**
 * The strongly connected components of a graph, each after the components it points to. The result depends on the names
 * alone, not on the order of `nodes` or of edges. Tarjan's algorithm without recursion: a chain of 100,000 imports must
 * not overflow the stack.
 */
export function componentsInOrder(nodes: Iterable<string>, edges: Edges): readonly Component[] {
  const sorted = [...nodes].sort()
  const known = new Set(sorted)
  const components: Component[] = []
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const frames: { readonly node: string; readonly next: Iterator<string> }[] = []

  const enter = (node: string) => {
    low.set(node, order.size)
    order.set(node, order.size)
    open.push(node)
    isOpen.add(node)
    const targets = (edges.get(node) ?? []).filter((target) => known.has(target)).sort()
    frames.push({ node, next: targets.values() })
  }
  const lower = (node: string, value = 0) => low.set(node, Math.min(low.get(node) ?? 0, value))
  const leave = (node: string) => {
    frames.pop()
    const parent = frames.at(-1)
    if (parent !== undefined) lower(parent.node, low.get(node))
    if (low.get(node) !== order.get(node)) return
    const members = open.splice(open.lastIndexOf(node))
    for (const member of members) isOpen.delete(member)
    components.push(members.sort())
  }

  for (const root of sorted) {
    if (!order.has(root)) enter(root)
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const { done, value: target } = frame.next.next()
      if (done) leave(frame.node)
      else if (!order.has(target)) enter(target)
      else if (isOpen.has(target)) lower(frame.node, order.get(target))
    }
  }
  return components
}
