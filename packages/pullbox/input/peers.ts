import { format, fromBytes, unmap } from '@pullbox/ip'

import type { Intake } from './intake.ts'
import { SOURCE_KEYS } from './source-table.ts'

const WIDTH = 6
const PLACES = 2 * SOURCE_KEYS
const MASK = PLACES - 1

/**
 * From the words of a sender's sockaddr to the id of its source, without an object per message. Open addressing with a seeded
 * hash; holds as many peers as the source table, all others are `other`.
 */
export class PeerIndex {
  private readonly intake: Intake
  private readonly interfaceName: (index: number) => string
  private readonly six: boolean
  private readonly cells = new Uint32Array(PLACES * WIDTH)
  private readonly seed: number
  private used = 0
  private lastAt = -1

  constructor(intake: Intake, six: boolean, interfaceName: (index: number) => string, seed = Math.floor(Math.random() * 4294967296)) {
    this.intake = intake
    this.six = six
    this.interfaceName = interfaceName
    this.seed = seed
  }

  /** The source of the sockaddr whose words begin at `at`. */
  source(names: Uint32Array, at: number): number {
    return this.six
      ? this.find(names[at + 2], names[at + 3], names[at + 4], names[at + 5], names[at + 6])
      : this.find(0, 0, 0xffff0000, names[at + 1], 0)
  }

  private find(a: number, b: number, c: number, d: number, scope: number): number {
    const last = this.lastAt
    if (last >= 0 && this.same(last, a, b, c, d, scope)) return this.cells[last + 5] - 1
    let hash = Math.imul(this.seed ^ a, 0x9e3779b1)
    hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0x85ebca77)
    hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0xc2b2ae3d)
    hash = Math.imul(hash ^ (hash >>> 16) ^ d, 0x27d4eb2f)
    hash = Math.imul(hash ^ (hash >>> 15) ^ scope, 0x165667b1)
    for (let place = (hash ^ (hash >>> 14)) & MASK; ; place = (place + 1) & MASK) {
      const at = place * WIDTH
      if (this.cells[at + 5] === 0) return this.add(at, a, b, c, d, scope)
      if (this.same(at, a, b, c, d, scope)) {
        this.lastAt = at
        return this.cells[at + 5] - 1
      }
    }
  }

  private same(at: number, a: number, b: number, c: number, d: number, scope: number): boolean {
    const cells = this.cells
    return cells[at + 3] === d && cells[at] === a && cells[at + 1] === b && cells[at + 2] === c && cells[at + 4] === scope
  }

  private add(at: number, a: number, b: number, c: number, d: number, scope: number): number {
    if (this.used >= SOURCE_KEYS) return 0
    const address = unmap(fromBytes(new Uint8Array(new Uint32Array([a, b, c, d]).buffer)))
    const key = scope === 0 ? format(address) : `${format(address)}%${this.interfaceName(scope)}`
    const id = this.intake.source(Buffer.from(key), key)
    this.used++
    this.cells.set([a, b, c, d, scope, id + 1], at)
    this.lastAt = at
    return id
  }
}

/** The key of a peer that node names: v4-mapped addresses as v4, the rest as RFC 5952 has it already. */
export function peerKey(address: string): string {
  const key = address.toLowerCase()
  return key.startsWith('::ffff:') && key.includes('.') ? key.slice(7) : key
}
