import { createCipheriv, createHash } from 'node:crypto'

import { FLAG, Framer } from '@pullbox/log/wire'

import { randomFrom } from '../corpus.ts'

/** Random bytes from a seed, as fast as AES goes; the same seed gives the same bytes. */
export class RandomBytes {
  private readonly cipher: ReturnType<typeof createCipheriv>
  /** A whole number below the given one, from the same seed. */
  readonly below: (limit: number) => number

  constructor(seed: number) {
    const key = Buffer.alloc(16)
    key.writeUInt32LE(seed >>> 0, 0)
    this.cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
    this.below = randomFrom(seed)
  }

  next(length: number): Buffer {
    return this.cipher.update(Buffer.alloc(length))
  }
}

/**
 * About `size` random bytes as a stream that also has what random bytes alone hardly ever have: counted frames, whole and longer than
 * `limit`, lines longer than it, a wrong count behind a right one, runs of NUL and of line ends, and an end in mid frame.
 */
export function randomStream(random: RandomBytes, size: number, limit: number): Buffer {
  const parts: Buffer[] = []
  const line = (length: number) => random.next(length).map((b) => (b === 10 ? 11 : b))
  const counted = (length: number) => [Buffer.from(`${length} <13>`), random.next(Math.max(0, length - 4))]
  let made = 0
  const add = (...more: readonly Uint8Array[]) => {
    for (const part of more) {
      parts.push(Buffer.from(part))
      made += part.length
    }
  }
  while (made < size) {
    add(random.next(Math.min(size - made, 1 + random.below(200_000))), Buffer.from('\n'))
    const kind = random.below(7)
    if (kind === 0) for (let i = random.below(20); i >= 0; i--) add(...counted(4 + random.below(3000)))
    else if (kind === 1) add(...counted(limit + 1 + random.below(3 * limit)))
    else if (kind === 2) add(line(limit + 1 + random.below(2 * limit)), Buffer.from('\n'))
    else if (kind === 3) add(...counted(100), Buffer.from('12x<1 out of step '), line(random.below(500)), Buffer.from('\n'))
    else if (kind === 4) add(...counted(50), Buffer.from('no count '), line(40), ...counted(60))
    else if (kind === 5) add(Buffer.alloc(random.below(5000)), Buffer.from('\n\n\r\n\n'))
  }
  add(Buffer.from('\n9000 <13>an end in mid frame'), random.next(random.below(5000)))
  return Buffer.concat(parts)
}

/** Tells whether two lots of frames are the same, each as often, in whatever order: a sum over the hashes of the frames. */
export class Sum {
  frames = 0
  bytes = 0
  private readonly lanes = [0, 0, 0]

  add(frame: Uint8Array): void {
    const hash = createHash('sha1').update(frame).digest()
    for (let i = 0; i < 3; i++) this.lanes[i] = (this.lanes[i] + hash.readUIntLE(6 * i, 6)) % 2 ** 48
    this.frames++
    this.bytes += frame.length
  }

  toString(): string {
    return `${this.frames} frames, ${this.bytes} bytes, ${this.lanes.map((lane) => lane.toString(16)).join(' ')}`
  }
}

/** What a stream must become. */
export interface Framed {
  /** Frames marked as damaged, and those cut at the limit. */
  damaged: number
  cut: number
}

/**
 * Gives the frames of a stream to `sum`, and checks without the framer's help that they are all of it: between two frames stand nothing but line
 * ends and counts, and what a cut frame lacks is as long as it says.
 * @throws Error with the place where a byte is not accounted for
 */
export function frameStream(stream: Buffer, limit: number, sum: Sum, counts: Framed): void {
  let at = 0
  const take = (bytes: Uint8Array, start: number, end: number, flags: number, total: number) => {
    const kept = bytes.subarray(start, end)
    at = skipLineEnds(stream, at)
    if ((flags & FLAG.octetCounted) !== 0) at = skipCount(stream, at)
    if (stream.compare(kept, 0, kept.length, at, at + kept.length) !== 0) throw new Error(`byte ${at}: not the frame's bytes`)
    const truncated = (flags & FLAG.truncated) !== 0
    if (truncated ? kept.length !== limit || total <= limit : total !== kept.length) throw new Error(`byte ${at}: a wrong length`)
    at += total
    sum.add(kept)
    if (truncated) counts.cut++
    if ((flags & FLAG.frameDamaged) !== 0) counts.damaged++
  }
  const framer = new Framer({ limit })
  framer.push(stream, 0, stream.length, take)
  framer.end(take)
  at = skipLineEnds(stream, at)
  if (at !== stream.length) throw new Error(`byte ${at}: the rest is in no frame`)
}

function skipLineEnds(stream: Buffer, from: number): number {
  let at = from
  for (;;) {
    if (stream[at] === 10) at++
    else if (stream[at] === 13 && stream[at + 1] === 10) at += 2
    else return at
  }
}

function skipCount(stream: Buffer, from: number): number {
  const count = /^[1-9]\d{0,8} /.exec(stream.toString('latin1', from, from + 11))
  if (count === null) throw new Error(`byte ${from}: no count before a counted frame`)
  return from + count[0].length
}
