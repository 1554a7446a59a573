import type { Random } from './random.ts'

// What lies below the simulated disk: files and directories, each as processes see it and as the device has it.

type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number }

/** Growing bytes. */
class Content {
  bytes = new Uint8Array(0)
  size = 0

  clone(): Content {
    const c = new Content()
    c.bytes = this.bytes.slice(0, this.size)
    c.size = this.size
    return c
  }

  apply(change: Change): void {
    if ('size' in change) {
      this.reserve(change.size)
      if (change.size < this.size) this.bytes.fill(0, change.size, this.size)
      this.size = change.size
      return
    }
    const end = change.at + change.bytes.length
    this.reserve(end)
    this.bytes.set(change.bytes, change.at)
    this.size = Math.max(this.size, end)
  }

  private reserve(size: number): void {
    if (size <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(size, this.bytes.length * 2, 1024))
    grown.set(this.bytes.subarray(0, this.size))
    this.bytes = grown
  }
}

/** A file as processes see it, as the device has it, and what lies between. */
export class Inode {
  seen = new Content()
  durable = new Content()
  pending: Change[] = []

  change(c: Change): void {
    this.seen.apply(c)
    this.pending.push(c)
  }

  sync(): void {
    for (const c of this.pending) this.durable.apply(c)
    this.pending = []
  }

  /** Each change for itself has reached the device or not; a write may have got there in part. */
  settle(random: Random): void {
    for (const c of this.pending) {
      const fate = random.below(4)
      if (fate === 0) continue
      if (fate === 1 && 'bytes' in c) this.durable.apply(torn(c, random))
      else this.durable.apply(c)
    }
    this.pending = []
  }
}

/** A write of which only some bytes from the front, or from the back, or from a sector on, arrived. */
function torn(c: { at: number; bytes: Uint8Array }, random: Random): Change {
  const cut = random.below(c.bytes.length + 1)
  return random.chance(0.7) ? { at: c.at, bytes: c.bytes.subarray(0, cut) } : { at: c.at + cut, bytes: c.bytes.subarray(cut) }
}

type NameChange = { readonly name: string; readonly node: Inode | Directory | null } | { readonly from: string; readonly to: string }

export class Directory {
  seen = new Map<string, Inode | Directory>()
  durable = new Map<string, Inode | Directory>()
  pending: NameChange[] = []

  change(c: NameChange): void {
    apply(this.seen, c)
    this.pending.push(c)
  }

  sync(): void {
    for (const c of this.pending) apply(this.durable, c)
    this.pending = []
  }

  /** Each change of names for itself has reached the device or not. */
  settle(random: Random): void {
    for (const c of this.pending) if (random.chance(0.5)) apply(this.durable, c)
    this.pending = []
  }
}

function apply(names: Map<string, Inode | Directory>, c: NameChange): void {
  if ('from' in c) {
    const node = names.get(c.from)
    if (node === undefined) return
    names.delete(c.from)
    names.set(c.to, node)
  } else if (c.node === null) names.delete(c.name)
  else names.set(c.name, c.node)
}
