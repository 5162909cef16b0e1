/** Computes a value when it is first needed, once. A failure is tried again. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A map with known keys whose values are made when first read. Iteration keeps none of them in memory. */
export class LazyMap<K, V, S = unknown> implements ReadonlyMap<K, V> {
  readonly #sources: ReadonlyMap<K, S>
  readonly #make: (source: S, key: K) => V
  readonly #made = new Map<K, V>()

  constructor(sources: ReadonlyMap<K, S>, make: (source: S, key: K) => V) {
    this.#sources = sources
    this.#make = make
  }

  get size(): number {
    return this.#sources.size
  }

  has(key: K): boolean {
    return this.#sources.has(key)
  }

  get(key: K): V | undefined {
    const source = this.#sources.get(key)
    if (source === undefined) return undefined
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const value = this.#make(source, key)
    this.#made.set(key, value)
    return value
  }

  keys(): MapIterator<K> {
    return this.#sources.keys()
  }

  *values(): MapIterator<V> {
    for (const [, value] of this) yield value
  }

  entries(): MapIterator<[K, V]> {
    return this[Symbol.iterator]()
  }

  *[Symbol.iterator](): MapIterator<[K, V]> {
    for (const [key, source] of this.#sources) yield [key, this.#made.get(key) ?? this.#make(source, key)]
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) callback(value, key, this)
  }
}
