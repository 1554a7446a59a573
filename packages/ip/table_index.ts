import { BIT_ROOM, bitAt, ONE, PARENT, ROOT_V4, ROOT_V6, WIDTH, ZERO } from './table_trie.ts'
import type { Trie } from './table_trie.ts'

// A record is eight numbers, half a cache line, under the number of its trie node.
// 0: length in bits << 7 | stride << 1 | "has a value". 1, 2: the children (stride 0), or the offset of the jump table.
// 3: the next node above that has a value. 4 to 7: the key.
const RECORD = 8
const MOST_STRIDE = 18
const LEAST_STRIDE = 3

/**
 * A trie laid out for look-ups: where it is dense, one table over several bits takes the place of as many steps.
 * Of use until the trie changes. Look-ups allocate nothing.
 */
export class TrieIndex {
  private records: Int32Array
  private jumps: Int32Array = new Int32Array(0)
  private trie: Trie

  constructor(trie: Trie) {
    this.trie = trie
    this.records = new Int32Array(trie.nodes * RECORD)
    const tables: Int32Array[] = []
    for (const root of [ROOT_V4, ROOT_V6]) {
      this.copy(root)
      this.overlay(root, tables)
    }
    let offset = 0
    this.jumps = new Int32Array(tables.reduce((sum, table) => sum + table.length, 0))
    for (const table of tables) {
      this.jumps.set(table, offset)
      offset += table.length
    }
  }

  /** The node of the longest prefix that holds the 16 bytes at `at`, or 0. */
  find(bytes: Uint8Array, at: number, root: number): number {
    const records = this.records
    let node = root
    for (;;) {
      const head = records[node * RECORD]!
      const bits = head >> 7
      if (bits === BIT_ROOM) break
      const stride = (head >> 1) & 63
      let next = 0
      if (stride === 0) next = records[node * RECORD + 1 + bitAt(bytes, at, bits)]!
      else next = this.jumps[records[node * RECORD + 1]! + bitsAt(bytes, at, bits, stride)]!
      if (next === 0 || next === node) break
      node = next
    }
    const agreed = this.agreed(node, bytes, at, root === ROOT_V4 ? 3 : 0)
    for (; node !== 0; node = records[node * RECORD + 3]!) {
      const head = records[node * RECORD]!
      if ((head & 1) !== 0 && head >> 7 <= agreed) return node
    }
    return 0
  }

  /** How many bits from the first the key and the address have in common; the words before `first` are known to agree. */
  private agreed(node: number, bytes: Uint8Array, at: number, first: number): number {
    for (let word = first; word < 4; word++) {
      const difference = wordAt(bytes, at + word * 4) ^ this.records[node * RECORD + 4 + word]!
      if (difference !== 0) return word * 32 + Math.clz32(difference)
    }
    return BIT_ROOM
  }

  private copy(root: number): void {
    const { links, keys } = this.trie
    const records = this.records
    const stack = [root]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const head = links[node * WIDTH]!
      const parent = links[node * WIDTH + PARENT]!
      records[node * RECORD] = ((head >> 1) << 7) | (head & 1)
      records[node * RECORD + 1] = links[node * WIDTH + ZERO]!
      records[node * RECORD + 2] = links[node * WIDTH + ONE]!
      records[node * RECORD + 3] = parent === 0 || (links[parent * WIDTH]! & 1) !== 0 ? parent : records[parent * RECORD + 3]!
      for (let word = 0; word < 4; word++) records[node * RECORD + 4 + word] = wordAt(keys, node * 16 + word * 4)
      for (let side = 0; side < 2; side++) {
        const child = links[node * WIDTH + ZERO + side]!
        if (child !== 0) stack.push(child)
      }
    }
  }

  private overlay(root: number, tables: Int32Array[]): void {
    let filled = tables.reduce((sum, table) => sum + table.length, 0)
    const stack = [root]
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      const { stride, targets } = this.strideAt(entry)
      if (stride >= LEAST_STRIDE) {
        const table = this.jumpTable(entry, stride)
        this.records[entry * RECORD] = this.records[entry * RECORD]! | (stride << 1)
        this.records[entry * RECORD + 1] = filled
        tables.push(table)
        filled += table.length
      }
      for (const target of targets) {
        if (target !== entry) stack.push(target)
      }
    }
  }

  /** The widest stride from this node whose table is at most four times (the root's) or twice as long as its distinct targets. */
  private strideAt(entry: number): { stride: number; targets: number[] } {
    const links = this.trie.links
    const start = links[entry * WIDTH]! >> 1
    const sparse = entry <= ROOT_V6 ? 4 : 2
    let best = { stride: 0, targets: [] as number[] }
    let targets = [entry]
    for (let stride = 1; stride <= Math.min(MOST_STRIDE, BIT_ROOM - start); stride++) {
      const next: number[] = []
      for (const node of targets) {
        const zero = links[node * WIDTH + ZERO]!
        const one = links[node * WIDTH + ONE]!
        const whole = zero === 0 || one === 0 // a way that ends here has this node for a target
        if (links[node * WIDTH]! >> 1 >= start + stride || whole) next.push(node)
        if (links[node * WIDTH]! >> 1 >= start + stride) continue
        if (zero !== 0) next.push(zero)
        if (one !== 0) next.push(one)
      }
      targets = [...new Set(next)]
      if (stride === 1 || targets.length * sparse >= 1 << stride) best = { stride, targets }
      else if (stride > 8 && targets.length * 64 < 1 << stride) break
    }
    return best
  }

  private jumpTable(entry: number, stride: number): Int32Array {
    const links = this.trie.links
    const end = (links[entry * WIDTH]! >> 1) + stride
    const table = new Int32Array(1 << stride)
    for (let i = 0; i < table.length; i++) {
      let node = entry
      for (;;) {
        const bits = links[node * WIDTH]! >> 1
        if (bits >= end) break
        const child = links[node * WIDTH + ZERO + ((i >> (end - 1 - bits)) & 1)]!
        if (child === 0) break
        node = child
      }
      table[i] = node
    }
    return table
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** `count` bits (1 to 25) from bit `bit`; does not read beyond the byte of the last of them. */
function bitsAt(bytes: Uint8Array, at: number, bit: number, count: number): number {
  const first = at + (bit >> 3)
  const shift = bit & 7
  let word = bytes[first]! << 24
  if (shift + count > 8) word |= bytes[first + 1]! << 16
  if (shift + count > 16) word |= bytes[first + 2]! << 8
  if (shift + count > 24) word |= bytes[first + 3]!
  return (word << shift) >>> (32 - count)
}
