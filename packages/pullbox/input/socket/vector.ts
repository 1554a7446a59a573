import type { Libc } from './libc.ts'
import { MSG, SOL, SO } from './libc.ts'

/** Bytes of a slot: most messages fit, and wider strides cost time (docs of ingest: 0.15 us). Longer ones go on in a second place. */
const SLOT_BYTES = 2048
const NAME_BYTES = 32
const CONTROL_BYTES = 64
const HEADER_WORDS = 16
const NAME_LENGTH = 2
const CONTROL_LENGTH = 10
const FLAGS = 12
const MESSAGE_LENGTH = 14

export interface VectorSize {
  /** Most messages of one call. */
  count: number
  /** Most bytes of a message that are kept. */
  message: number
  /** Room for the sender's address: 28 for inet6, 16 for inet, 0 for none. */
  name: number
  /** Whether the kernel's receive time comes with each message. */
  stamps: boolean
}

/**
 * The memory that recvmmsg(2) fills: `count` messages with sender and, on demand, receive time. It holds every buffer whose
 * address it has given to the kernel. What it hands out is valid until the next `receive`.
 */
export class MessageVector {
  /** The slots; message `i` begins at `i * stride`. */
  readonly bytes: Uint8Array
  readonly stride: number
  /** The senders' addresses as words: message `i` from `i * nameWords`. */
  readonly names: Uint32Array
  readonly nameWords = NAME_BYTES / 4
  private readonly libc: Libc
  private readonly size: VectorSize
  private readonly kept: number
  private readonly headers: ArrayBuffer
  private readonly words: Uint32Array
  private readonly control: Uint32Array
  private readonly rest: Uint8Array
  private readonly restBytes: number
  private readonly whole: Uint8Array
  private readonly places: ArrayBuffer

  constructor(libc: Libc, size: VectorSize) {
    this.libc = libc
    this.size = size
    this.kept = size.message
    this.stride = SLOT_BYTES
    this.restBytes = Math.max(0, size.message - SLOT_BYTES)
    // All of it comes zeroed from the system and is touched only where a message lands.
    this.bytes = new Uint8Array(new ArrayBuffer(size.count * SLOT_BYTES))
    this.rest = new Uint8Array(new ArrayBuffer(size.count * this.restBytes + 1))
    this.whole = new Uint8Array(new ArrayBuffer(Math.max(1, size.message)))
    this.names = new Uint32Array(new ArrayBuffer(size.count * NAME_BYTES))
    this.control = new Uint32Array(new ArrayBuffer(size.count * CONTROL_BYTES))
    this.places = new ArrayBuffer(size.count * 32)
    this.headers = new ArrayBuffer(size.count * 4 * HEADER_WORDS)
    this.words = new Uint32Array(this.headers)
    this.link()
    for (let i = 0; i < size.count; i++) this.reset(i)
  }

  /** Reads what is there, without waiting: the number of messages, or the negative errno (EAGAIN when there is none). */
  receive(fd: number): number {
    // MSG_TRUNC makes the length the one that was sent, also where less was kept.
    const n = this.libc.receive(fd, this.headers, this.size.count, MSG.dontwait | MSG.trunc)
    return n
  }

  /** Makes the first `n` headers ready again; after their messages were looked at. */
  renew(n: number): void {
    for (let i = 0; i < n; i++) this.reset(i)
  }

  /** The length that was sent. */
  total(i: number): number {
    return this.words[i * HEADER_WORDS + MESSAGE_LENGTH]
  }

  /** True when the message lies in one piece in its slot. */
  inSlot(i: number): boolean {
    return this.total(i) <= SLOT_BYTES && this.total(i) <= this.kept
  }

  /** A long message in one piece, as far as it was kept: a view, valid until the next call. */
  gather(i: number): Uint8Array {
    const length = Math.min(this.total(i), this.kept)
    const first = Math.min(length, SLOT_BYTES)
    this.whole.set(this.bytes.subarray(i * SLOT_BYTES, i * SLOT_BYTES + first))
    if (length > first) this.whole.set(this.rest.subarray(i * this.restBytes, i * this.restBytes + length - first), first)
    return this.whole.subarray(0, length)
  }

  /** The kernel's receive time in microseconds, or NaN when it was not asked for or did not come. */
  stamp(i: number): number {
    if (!this.size.stamps || this.words[i * HEADER_WORDS + CONTROL_LENGTH] < 32) return Number.NaN
    const at = (i * CONTROL_BYTES) / 4
    const c = this.control
    if (c[at + 2] !== SOL.socket || c[at + 3] !== SO.timestampns) return Number.NaN
    return (c[at + 4] + c[at + 5] * 4294967296) * 1e6 + Math.floor(c[at + 6] / 1000)
  }

  /** Fills in the addresses, which never change. */
  private link(): void {
    const { libc, size } = this
    const header = new DataView(this.headers)
    const place = new DataView(this.places)
    const [slots, rest, names, control, places] = [this.bytes, this.rest, this.names, this.control]
      .map((view) => libc.address(view.buffer as ArrayBuffer))
      .concat(libc.address(this.places))
    const first = Math.min(SLOT_BYTES, size.message)
    for (let i = 0; i < size.count; i++) {
      place.setBigUint64(i * 32, slots + BigInt(i * SLOT_BYTES), true)
      place.setBigUint64(i * 32 + 8, BigInt(first), true)
      place.setBigUint64(i * 32 + 16, rest + BigInt(i * this.restBytes), true)
      place.setBigUint64(i * 32 + 24, BigInt(this.restBytes), true)
      const at = i * 4 * HEADER_WORDS
      if (size.name > 0) header.setBigUint64(at, names + BigInt(i * NAME_BYTES), true)
      header.setBigUint64(at + 16, places + BigInt(i * 32), true)
      header.setBigUint64(at + 24, this.restBytes > 0 ? 2n : 1n, true)
      if (size.stamps) header.setBigUint64(at + 32, control + BigInt(i * CONTROL_BYTES), true)
    }
  }

  private reset(i: number): void {
    const at = i * HEADER_WORDS
    this.words[at + NAME_LENGTH] = this.size.name
    this.words[at + CONTROL_LENGTH] = this.size.stamps ? CONTROL_BYTES : 0
    this.words[at + FLAGS] = 0
  }
}
