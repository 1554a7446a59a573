import type { Address } from './address.ts'
import { Prefix } from './prefix.ts'

// A node is four numbers in `links`: its length in bits with "has a value" in bit 0, the child for bit 0, for bit 1, the parent.
const WIDTH = 4
const ROOT_V4 = 1
const ROOT_V6 = 2

/**
 * Values by prefix, found by the longest prefix that holds an address.
 *
 * A path-compressed binary trie for each family, in typed arrays. A look-up goes down by single bits without comparing,
 * compares once at the bottom, and comes up to the first prefix that agrees: no allocation.
 * v4 and v6 are apart, as in `contains`; zones are not looked at.
 */
export class PrefixTable<V> {
  private links = new Int32Array(64 * WIDTH)
  private keys = new Uint8Array(64 * 16)
  private values: Array<V | undefined> = [undefined, undefined, undefined]
  private free: number[] = []
  private next = 3
  private count = 0

  constructor() {
    this.links[ROOT_V4 * WIDTH] = 96 << 1
    this.links[ROOT_V6 * WIDTH] = 0
    for (let i = 10; i < 12; i++) this.keys[ROOT_V4 * 16 + i] = 255
  }

  /** How many prefixes are in it. */
  get size(): number {
    return this.count
  }

  /** Adds a prefix, or gives it another value. */
  set(prefix: Prefix, value: V): this {
    const node = this.place(prefix.bytes, bitsOf(prefix), rootOf(prefix.family))
    if ((this.links[node * WIDTH]! & 1) === 0) {
      this.links[node * WIDTH] = this.links[node * WIDTH]! | 1
      this.count++
    }
    this.values[node] = value
    return this
  }

  /** The value of exactly this prefix, or undefined. */
  exact(prefix: Prefix): V | undefined {
    const node = this.nodeOf(prefix)
    return node === 0 ? undefined : this.values[node]
  }

  /** Takes a prefix out; false when it was not in. */
  delete(prefix: Prefix): boolean {
    const node = this.nodeOf(prefix)
    if (node === 0) return false
    this.links[node * WIDTH] = this.links[node * WIDTH]! & ~1
    this.values[node] = undefined
    this.count--
    const parent = this.links[node * WIDTH + 3]!
    this.tidy(node)
    if (parent !== 0) this.tidy(parent)
    return true
  }

  /** The value of the longest prefix that holds the address, or undefined. */
  get(address: Address): V | undefined {
    const node = this.find(address.bytes, 0, address.family)
    return node === 0 ? undefined : this.values[node]
  }

  /** As `get`, for 16 bytes of an arena (v4 mapped). */
  getBytes(bytes: Uint8Array, at: number, family: 4 | 6): V | undefined {
    const node = this.find(bytes, at, family)
    return node === 0 ? undefined : this.values[node]
  }

  /** The longest prefix that holds the address and its value, or undefined. */
  match(address: Address): { prefix: Prefix; value: V } | undefined {
    const node = this.find(address.bytes, 0, address.family)
    return node === 0 ? undefined : { prefix: this.prefixAt(node, address.family), value: this.values[node]! }
  }

  private prefixAt(node: number, family: 4 | 6): Prefix {
    const bits = this.links[node * WIDTH]! >> 1
    return new Prefix(this.keys.slice(node * 16, node * 16 + 16), family, family === 4 ? bits - 96 : bits)
  }

  private find(bytes: Uint8Array, at: number, family: 4 | 6): number {
    const links = this.links
    const keys = this.keys
    let node = rootOf(family)
    for (;;) {
      const bits = links[node * WIDTH]! >> 1
      if (bits === 128) break
      const child = links[node * WIDTH + 1 + ((bytes[at + (bits >> 3)]! >> (7 - (bits & 7))) & 1)]!
      if (child === 0) break
      node = child
    }
    const bits = links[node * WIDTH]! >> 1
    let agreed = 0
    while (agreed < bits) {
      const difference = bytes[at + (agreed >> 3)]! ^ keys[node * 16 + (agreed >> 3)]!
      if (difference !== 0) {
        agreed += Math.clz32(difference) - 24
        break
      }
      agreed += 8
    }
    while (node !== 0) {
      const head = links[node * WIDTH]!
      if ((head & 1) !== 0 && head >> 1 <= agreed) return node
      node = links[node * WIDTH + 3]!
    }
    return 0
  }

  private nodeOf(prefix: Prefix): number {
    const bits = bitsOf(prefix)
    const node = this.descend(prefix.bytes, bits, rootOf(prefix.family))
    const head = this.links[node * WIDTH]!
    return head >> 1 === bits && (head & 1) !== 0 && this.agree(node, prefix.bytes, bits) === bits ? node : 0
  }

  /** The deepest node on the way of these bits that is at most `bits` long; only its own bits are compared by the caller. */
  private descend(bytes: Uint8Array, bits: number, root: number): number {
    let node = root
    for (;;) {
      const own = this.links[node * WIDTH]! >> 1
      if (own >= bits) return node
      const child = this.links[node * WIDTH + 1 + bitAt(bytes, 0, own)]!
      if (child === 0 || this.links[child * WIDTH]! >> 1 > bits) return node
      node = child
    }
  }

  /** How many of the first `most` bits of the node's key are those of `bytes`. */
  private agree(node: number, bytes: Uint8Array, most: number): number {
    for (let i = 0; i < 16; i++) {
      const difference = this.keys[node * 16 + i]! ^ bytes[i]!
      if (difference !== 0) return Math.min(most, i * 8 + Math.clz32(difference) - 24)
    }
    return most
  }

  /** The node of this prefix, made where there is none. */
  private place(bytes: Uint8Array, bits: number, root: number): number {
    let node = root
    for (;;) {
      const own = this.links[node * WIDTH]! >> 1
      if (own === bits) return node
      const side = bitAt(bytes, 0, own)
      const child = this.links[node * WIDTH + 1 + side]!
      if (child === 0) return this.link(this.make(bytes, bits), node, side)
      const childBits = this.links[child * WIDTH]! >> 1
      const agreed = this.agree(child, bytes, Math.min(bits, childBits))
      if (agreed === childBits) {
        node = child
        continue
      }
      const fork = this.link(this.make(bytes, agreed), node, side)
      this.link(child, fork, bitAt(this.keys, child * 16, agreed))
      if (agreed === bits) return fork
      return this.link(this.make(bytes, bits), fork, bitAt(bytes, 0, agreed))
    }
  }

  private link(node: number, parent: number, side: number): number {
    this.links[parent * WIDTH + 1 + side] = node
    this.links[node * WIDTH + 3] = parent
    return node
  }

  private make(bytes: Uint8Array, bits: number): number {
    const node = this.free.pop() ?? this.grow()
    this.links.fill(0, node * WIDTH, node * WIDTH + WIDTH)
    this.links[node * WIDTH] = bits << 1
    this.keys.fill(0, node * 16, node * 16 + 16)
    const whole = bits >> 3
    for (let i = 0; i < whole; i++) this.keys[node * 16 + i] = bytes[i]!
    if ((bits & 7) !== 0) this.keys[node * 16 + whole] = bytes[whole]! & (0xff00 >> (bits & 7))
    this.values[node] = undefined
    return node
  }

  private grow(): number {
    const node = this.next++
    if ((node + 1) * WIDTH > this.links.length) {
      const links = new Int32Array(this.links.length * 2)
      links.set(this.links)
      this.links = links
      const keys = new Uint8Array(this.keys.length * 2)
      keys.set(this.keys)
      this.keys = keys
    }
    return node
  }

  /** Removes a node that holds no value and does not fork. */
  private tidy(node: number): void {
    const base = node * WIDTH
    if (node <= ROOT_V6 || (this.links[base]! & 1) !== 0) return
    const zero = this.links[base + 1]!
    const one = this.links[base + 2]!
    if (zero !== 0 && one !== 0) return
    const parent = this.links[base + 3]!
    const child = zero === 0 ? one : zero
    const side = this.links[parent * WIDTH + 1] === node ? 0 : 1
    this.links[parent * WIDTH + 1 + side] = child
    if (child !== 0) this.links[child * WIDTH + 3] = parent
    this.free.push(node)
  }
}

function rootOf(family: 4 | 6): number {
  return family === 4 ? ROOT_V4 : ROOT_V6
}

function bitsOf(prefix: Prefix): number {
  return prefix.family === 4 ? prefix.length + 96 : prefix.length
}

function bitAt(bytes: Uint8Array, at: number, bit: number): number {
  return (bytes[at + (bit >> 3)]! >> (7 - (bit & 7))) & 1
}
