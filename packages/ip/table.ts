import type { Address } from './address.ts'
import { Prefix } from './prefix.ts'
import { TrieIndex } from './table_index.ts'
import { ROOT_V4, ROOT_V6, Trie, WIDTH } from './table_trie.ts'

/**
 * Values by prefix, found by the longest prefix that holds an address. Look-ups allocate nothing, except that a table which
 * was asked as often as it has prefixes since its last change lays out an index once (about 1 ms for a thousand prefixes);
 * a change drops it. v4 and v6 are apart, as in `contains`; zones are not looked at.
 */
export class PrefixTable<V> {
  private trie = new Trie()
  private index: TrieIndex | undefined
  private asked = 0
  private values: Array<V | undefined> = [undefined, undefined, undefined]
  private count = 0

  /** How many prefixes are in it. */
  get size(): number {
    return this.count
  }

  /** Adds a prefix, or gives it another value. */
  set(prefix: Prefix, value: V): this {
    const node = this.trie.place(prefix.bytes, bitsOf(prefix), rootOf(prefix.family))
    if (this.trie.mark(node)) {
      this.count++
      this.changed()
    }
    this.values[node] = value
    return this
  }

  /** The value of exactly this prefix, or undefined. */
  exact(prefix: Prefix): V | undefined {
    return this.values[this.trie.exact(prefix.bytes, bitsOf(prefix), rootOf(prefix.family))]
  }

  /** Takes a prefix out; false when it was not in. */
  delete(prefix: Prefix): boolean {
    const node = this.trie.exact(prefix.bytes, bitsOf(prefix), rootOf(prefix.family))
    if (node === 0) return false
    this.changed()
    this.values[node] = undefined
    this.trie.unmark(node)
    this.count--
    return true
  }

  /** The value of the longest prefix that holds the address, or undefined. */
  get(address: Address): V | undefined {
    return this.values[this.find(address.bytes, 0, address.family)]
  }

  /** As `get`, for 16 bytes of an arena (v4 mapped). */
  getBytes(bytes: Uint8Array, at: number, family: 4 | 6): V | undefined {
    return this.values[this.find(bytes, at, family)]
  }

  /** The longest prefix that holds the address and its value, or undefined. */
  match(address: Address): { prefix: Prefix; value: V } | undefined {
    const node = this.find(address.bytes, 0, address.family)
    if (node === 0) return undefined
    const bits = this.trie.links[node * WIDTH]! >> 1
    const key = this.trie.keys.slice(node * 16, node * 16 + 16)
    return { prefix: new Prefix(key, address.family, address.family === 4 ? bits - 96 : bits), value: this.values[node]! }
  }

  private find(bytes: Uint8Array, at: number, family: 4 | 6): number {
    if (this.index === undefined) {
      if (this.asked++ < this.count) return this.trie.find(bytes, at, rootOf(family))
      this.index = new TrieIndex(this.trie)
    }
    return this.index.find(bytes, at, rootOf(family))
  }

  private changed(): void {
    this.index = undefined
    this.asked = 0
  }
}

function rootOf(family: 4 | 6): number {
  return family === 4 ? ROOT_V4 : ROOT_V6
}

function bitsOf(prefix: Prefix): number {
  return prefix.family === 4 ? prefix.length + 96 : prefix.length
}
