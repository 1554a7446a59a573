// A node is four numbers in `links`: its length in bits with "has a value" in bit 0, the children for a bit 0 and 1, the parent.
export const WIDTH = 4
export const ZERO = 1
export const ONE = 2
export const PARENT = 3
export const ROOT_V4 = 1
export const ROOT_V6 = 2
export const BIT_ROOM = 128

/**
 * A path-compressed binary trie over 16-byte keys, in typed arrays; node 0 is none. v4 lies under its own root, at the 96
 * bits of ::ffff:0:0/96. A look-up goes down by single bits without comparing, compares once at the bottom, and comes up
 * to the first prefix that agrees.
 */
export class Trie {
  links: Int32Array = new Int32Array(64 * WIDTH)
  keys: Uint8Array = new Uint8Array(64 * 16)
  /** One more than the highest node. */
  nodes = 3
  private free: number[] = []

  constructor() {
    this.links[ROOT_V4 * WIDTH] = 96 << 1
    this.keys.fill(255, ROOT_V4 * 16 + 10, ROOT_V4 * 16 + 12)
  }

  /** The node of exactly this prefix if it holds a value, or 0. */
  exact(bytes: Uint8Array, bits: number, root: number): number {
    const node = this.descend(bytes, bits, root)
    const head = this.links[node * WIDTH]!
    return head >> 1 === bits && (head & 1) !== 0 && this.agree(node, bytes, bits) === bits ? node : 0
  }

  /** Marks the node as holding a value; false when it did already. */
  mark(node: number): boolean {
    const head = this.links[node * WIDTH]!
    this.links[node * WIDTH] = head | 1
    return (head & 1) === 0
  }

  /** The node holds no value any more, and goes where it is not needed. */
  unmark(node: number): void {
    this.links[node * WIDTH] = this.links[node * WIDTH]! & ~1
    const parent = this.links[node * WIDTH + PARENT]!
    this.tidy(node)
    if (parent !== 0) this.tidy(parent)
  }

  find(bytes: Uint8Array, at: number, root: number): number {
    const links = this.links
    let node = root
    for (;;) {
      const bits = links[node * WIDTH]! >> 1
      if (bits === 128) break
      const child = links[node * WIDTH + ZERO + bitAt(bytes, at, bits)]!
      if (child === 0) break
      node = child
    }
    const agreed = this.agreed(node, bytes, at)
    for (; node !== 0; node = links[node * WIDTH + PARENT]!) {
      const head = links[node * WIDTH]!
      if ((head & 1) !== 0 && head >> 1 <= agreed) return node
    }
    return 0
  }

  /** How many bits the address has in common with the node's key; at least the node's length when all of them agree. */
  private agreed(node: number, bytes: Uint8Array, at: number): number {
    const keys = this.keys
    const bits = this.links[node * WIDTH]! >> 1
    let agreed = 0
    while (agreed < bits) {
      const difference = bytes[at + (agreed >> 3)]! ^ keys[node * 16 + (agreed >> 3)]!
      if (difference !== 0) return agreed + Math.clz32(difference) - 24
      agreed += 8
    }
    return agreed
  }

  /** The deepest node on the way of these bits that is at most `bits` long; only its own bits are compared by the caller. */
  private descend(bytes: Uint8Array, bits: number, root: number): number {
    let node = root
    for (;;) {
      const own = this.links[node * WIDTH]! >> 1
      if (own >= bits) return node
      const child = this.links[node * WIDTH + ZERO + bitAt(bytes, 0, own)]!
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
  place(bytes: Uint8Array, bits: number, root: number): number {
    let node = root
    for (;;) {
      const own = this.links[node * WIDTH]! >> 1
      if (own === bits) return node
      const side = bitAt(bytes, 0, own)
      const child = this.links[node * WIDTH + ZERO + side]!
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
    this.links[parent * WIDTH + ZERO + side] = node
    this.links[node * WIDTH + PARENT] = parent
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
    return node
  }

  private grow(): number {
    const node = this.nodes++
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
    const zero = this.links[base + ZERO]!
    const one = this.links[base + ONE]!
    if (zero !== 0 && one !== 0) return
    const parent = this.links[base + PARENT]!
    const child = zero === 0 ? one : zero
    const side = this.links[parent * WIDTH + ZERO] === node ? 0 : 1
    this.links[parent * WIDTH + ZERO + side] = child
    if (child !== 0) this.links[child * WIDTH + PARENT] = parent
    this.free.push(node)
  }
}

export function bitAt(bytes: Uint8Array, at: number, bit: number): number {
  return (bytes[at + (bit >> 3)]! >> (7 - (bit & 7))) & 1
}
