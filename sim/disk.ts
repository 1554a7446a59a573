import type { Disk, DiskFile, DiskLock } from '@pullbox/store/records'

import { Directory, Inode } from './device.ts'
import type { Random } from './random.ts'

/** How bad the disk is; probabilities for each operation. */
export interface Faults {
  /** A write takes fewer bytes than it was given. */
  readonly shortWrite: number
  /** A write takes some bytes and fails with ENOSPC. */
  readonly full: number
  /** A write takes some bytes and fails with EIO. */
  readonly writeError: number
  /** A sync fails with EIO: what was not synced is on the device or lost for ever, and the file goes on showing it. */
  readonly syncError: number
  /** The power goes at this operation (counted from 1); Infinity = never. */
  readonly crashAt: number
  /** Bytes that the disk holds in all. */
  readonly capacity: number
}

export const NO_FAULTS: Faults = {
  shortWrite: 0,
  full: 0,
  writeError: 0,
  syncError: 0,
  crashAt: Number.POSITIVE_INFINITY,
  capacity: Number.POSITIVE_INFINITY,
}

export class PowerCut extends Error {
  readonly code = 'ESIMULATED'
}

const failure = (code: string, what: string) => Object.assign(new Error(`${code}: ${what}`), { code })

/**
 * A disk in memory that does its worst, from one source of random numbers. What is not synced may be lost, torn at any byte or
 * reordered at a power cut, file names included; it may run full and fail. After `PowerCut` every operation fails until `reboot`.
 */
export class SimDisk implements Disk {
  faults: Faults
  /** Operations that can be the last one before a power cut: writes, syncs, changes of names and lengths. */
  operations = 0
  private readonly random: Random
  private readonly top = new Directory()
  private readonly locks = new Set<string>()
  private life = 1
  private dead = false

  constructor(random: Random, faults: Faults = NO_FAULTS) {
    this.random = random
    this.faults = faults
  }

  /** True once the power is off. */
  get off(): boolean {
    return this.dead
  }

  /** Turns the power off now. */
  cut(): void {
    this.dead = true
  }

  /** The machine comes up again with what the device holds. Files that were open stay dead. */
  reboot(faults: Faults = NO_FAULTS): void {
    const visit = (d: Directory) => {
      d.settle(this.random)
      d.seen = new Map(d.durable)
      for (const node of d.seen.values()) {
        if (node instanceof Directory) visit(node)
        else {
          node.settle(this.random)
          node.seen = node.durable.clone()
        }
      }
    }
    visit(this.top)
    this.locks.clear()
    this.life++
    this.dead = false
    this.operations = 0
    this.faults = faults
  }

  /** Counts the operation; the power may go at it. `half` is done first in half of the cuts, so that it was under way. */
  private step(half: () => void = () => {}): void {
    this.alive()
    this.operations++
    if (this.operations < this.faults.crashAt) return
    if (this.random.chance(0.5)) half()
    this.dead = true
    throw new PowerCut('the power went')
  }

  private alive(): void {
    if (this.dead) throw new PowerCut('the power is off')
  }

  private directory(path: string): Directory {
    let node: Inode | Directory | undefined = this.top
    for (const name of path.split('/').filter((n) => n !== '')) {
      if (!(node instanceof Directory)) throw failure('ENOTDIR', path)
      node = node.seen.get(name)
    }
    if (node === undefined) throw failure('ENOENT', path)
    if (!(node instanceof Directory)) throw failure('ENOTDIR', path)
    return node
  }

  private parent(path: string): { directory: Directory; name: string } {
    const slash = path.lastIndexOf('/')
    return { directory: this.directory(path.slice(0, slash)), name: path.slice(slash + 1) }
  }

  /** Bytes of all files, as processes see them. */
  used(): number {
    let bytes = 0
    const visit = (d: Directory) => {
      for (const node of d.seen.values()) {
        if (node instanceof Directory) visit(node)
        else bytes += node.seen.size
      }
    }
    visit(this.top)
    return bytes
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.alive()
    const { directory, name } = this.parent(path)
    let node = directory.seen.get(name)
    if (mode === 'create') {
      if (node !== undefined) throw failure('EEXIST', path)
      node = new Inode()
      const made = { name, node }
      this.step(() => directory.change(made))
      directory.change(made)
    }
    if (node === undefined) throw failure('ENOENT', path)
    if (node instanceof Directory) throw failure('EISDIR', path)
    return this.handle(node, mode !== 'read')
  }

  private handle(node: Inode, writable: boolean): DiskFile {
    const life = this.life
    let open = true
    const use = () => {
      this.alive()
      if (life !== this.life) throw new PowerCut('the file was open when the power went')
      if (!open) throw failure('EBADF', 'closed')
    }
    return {
      read: (into, at) => {
        use()
        const part = node.seen.bytes.subarray(at, Math.max(at, Math.min(node.seen.size, at + into.length)))
        into.set(part)
        return part.length
      },
      write: async (pieces, at) => {
        use()
        if (!writable) throw failure('EBADF', 'read only')
        return this.write(node, Buffer.concat(pieces), at)
      },
      datasync: async () => {
        use()
        this.step(() => node.settle(this.random))
        if (this.random.chance(this.faults.syncError)) {
          node.settle(this.random)
          throw failure('EIO', 'sync')
        }
        node.sync()
      },
      truncate: async (size) => {
        use()
        this.step(() => node.change({ size }))
        node.change({ size })
      },
      size: () => {
        use()
        return node.seen.size
      },
      close: () => {
        open = false
      },
    }
  }

  private write(node: Inode, bytes: Uint8Array, at: number): number {
    const some = (n: number) => node.change({ at, bytes: bytes.subarray(0, n) })
    this.step(() => some(this.random.below(bytes.length + 1)))
    const { random, faults } = this
    const grows = Math.max(0, at + bytes.length - node.seen.size)
    const room = faults.capacity === Number.POSITIVE_INFINITY ? grows : faults.capacity - this.used()
    if (grows > room || random.chance(faults.full)) {
      const n = Math.min(random.below(bytes.length), Math.max(0, room))
      some(n)
      throw failure('ENOSPC', 'write')
    }
    if (random.chance(faults.writeError)) {
      some(random.below(bytes.length))
      throw failure('EIO', 'write')
    }
    const n = bytes.length > 1 && random.chance(faults.shortWrite) ? 1 + random.below(bytes.length - 1) : bytes.length
    some(n)
    return n
  }

  list(path: string): string[] {
    this.alive()
    return [...this.directory(path).seen.keys()]
  }

  exists(path: string): boolean {
    this.alive()
    try {
      const { directory, name } = this.parent(path)
      return name === '' || directory.seen.has(name)
    } catch {
      return false
    }
  }

  makeDirectory(path: string): void {
    const { directory, name } = this.parent(path)
    if (directory.seen.has(name)) throw failure('EEXIST', path)
    const made = { name, node: new Directory() }
    this.step(() => directory.change(made))
    directory.change(made)
  }

  async rename(from: string, to: string): Promise<void> {
    this.alive()
    const a = this.parent(from)
    const b = this.parent(to)
    const node = a.directory.seen.get(a.name)
    if (node === undefined) throw failure('ENOENT', from)
    // Across directories the new name may get there without the old one going, as on a disk without a journal; never the other way round.
    const move = () => {
      if (a.directory === b.directory) return a.directory.change({ from: a.name, to: b.name })
      b.directory.change({ name: b.name, node })
      b.directory.sync()
      a.directory.change({ name: a.name, node: null })
    }
    this.step(move)
    move()
  }

  async unlink(path: string): Promise<void> {
    this.alive()
    const { directory, name } = this.parent(path)
    if (!directory.seen.has(name)) throw failure('ENOENT', path)
    this.step(() => directory.change({ name, node: null }))
    directory.change({ name, node: null })
  }

  async syncDirectory(path: string): Promise<void> {
    const directory = this.directory(path)
    this.step(() => directory.settle(this.random))
    directory.sync()
  }

  freeBytes(): number {
    this.alive()
    return this.faults.capacity - this.used()
  }

  lock(path: string): DiskLock {
    this.alive()
    if (this.locks.has(path)) throw failure('EBUSY', path)
    const life = this.life
    this.locks.add(path)
    return {
      release: () => {
        if (life === this.life) this.locks.delete(path)
      },
    }
  }

  // What tests do to the device itself.

  /** The bytes of a file, as processes see them. */
  contents(path: string): Uint8Array {
    const { directory, name } = this.parent(path)
    const node = directory.seen.get(name)
    if (!(node instanceof Inode)) throw failure('ENOENT', path)
    return node.seen.bytes.slice(0, node.seen.size)
  }

  /** Puts a file there, durably, over what was there. */
  place(path: string, bytes: Uint8Array): void {
    const { directory, name } = this.parent(path)
    const node = new Inode()
    node.change({ at: 0, bytes })
    node.sync()
    directory.change({ name, node })
    directory.sync()
  }

  /** Takes a file away, durably. */
  erase(path: string): void {
    const { directory, name } = this.parent(path)
    directory.change({ name, node: null })
    directory.sync()
  }
}
