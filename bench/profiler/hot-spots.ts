/** Where a function is, as V8's profiles tell it. */
interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
}

/** The parts of a `.cpuprofile` that are read. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  /** Node ids, one per sample. */
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

/** The parts of a `.heapprofile` that are read. */
export interface HeapProfile {
  readonly head: HeapNode
}

interface HeapNode {
  readonly callFrame: CallFrame
  /** Bytes allocated here that were alive when the profile ended. */
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}

/** A function and what it alone took: milliseconds or bytes. */
export interface HotSpot {
  readonly where: string
  readonly amount: number
  /** 0 to 1. */
  readonly share: number
}

/** The functions that took the most time themselves, without what they called. */
export function hotFunctions({ nodes, samples, timeDeltas }: CpuProfile, count: number): readonly HotSpot[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const amounts = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? ''
    if (place === '(idle)') continue
    amounts.set(place, (amounts.get(place) ?? 0) + (timeDeltas[index] ?? 0) / 1000)
  }
  return highest(amounts, count)
}

/** The functions that allocated the most. */
export function hotAllocations({ head }: HeapProfile, count: number): readonly HotSpot[] {
  const amounts = new Map<string, number>()
  const open: HeapNode[] = [head]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const place = placeOf(node.callFrame)
    amounts.set(place, (amounts.get(place) ?? 0) + node.selfSize)
    open.push(...node.children)
  }
  return highest(amounts, count)
}

function highest(amounts: ReadonlyMap<string, number>, count: number): readonly HotSpot[] {
  const total = [...amounts.values()].reduce((sum, amount) => sum + amount, 0)
  return [...amounts]
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([where, amount]) => ({ where, amount, share: amount / total }))
}

function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url.split('/').slice(-3).join('/')
  return `${name} ${file}:${lineNumber + 1}`
}
