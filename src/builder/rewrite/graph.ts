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
  const state: SearchState = { index: new Map(), low: new Map(), open: [], isOpen: new Set(), components: [] }
  const neighbours = (node: string) => [...(edges.get(node) ?? [])].filter((next) => known.has(next)).sort()
  for (const node of sorted) {
    if (!state.index.has(node)) visit(node, neighbours, state)
  }
  return state.components
}

interface SearchState {
  readonly index: Map<string, number>
  readonly low: Map<string, number>
  readonly open: string[]
  readonly isOpen: Set<string>
  readonly components: Component[]
}

interface Frame {
  readonly node: string
  readonly next: Iterator<string>
}

function visit(root: string, neighbours: (node: string) => readonly string[], state: SearchState): void {
  const frames: Frame[] = [enter(root, neighbours, state)]
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const { node, next } = frame
    const step = next.next()
    if (step.done) {
      frames.pop()
      leave(node, frames.at(-1)?.node, state)
    } else if (!state.index.has(step.value)) {
      frames.push(enter(step.value, neighbours, state))
    } else if (state.isOpen.has(step.value)) {
      lower(node, state.index.get(step.value) ?? 0, state)
    }
  }
}

function enter(node: string, neighbours: (node: string) => readonly string[], state: SearchState): Frame {
  const order = state.index.size
  state.index.set(node, order)
  state.low.set(node, order)
  state.open.push(node)
  state.isOpen.add(node)
  return { node, next: neighbours(node)[Symbol.iterator]() }
}

function leave(node: string, parent: string | undefined, state: SearchState): void {
  const low = state.low.get(node) ?? 0
  if (parent !== undefined) lower(parent, low, state)
  if (low !== state.index.get(node)) return
  const members = state.open.splice(state.open.lastIndexOf(node))
  for (const member of members) state.isOpen.delete(member)
  state.components.push(members.sort())
}

function lower(node: string, value: number, state: SearchState): void {
  state.low.set(node, Math.min(state.low.get(node) ?? 0, value))
}
