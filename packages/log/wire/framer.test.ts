import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FLAG, Framer, frameOctet } from '@pullbox/log/wire'
import type { FrameMode, FramerOptions } from '@pullbox/log/wire'

import { randomOf } from './fuzz.fixture.ts'
import type { Random } from './fuzz.fixture.ts'

interface Frame {
  text: string
  flags: number
  total: number
}

/** Feeds `bytes` in pieces whose ends `cuts` names; the buffer behind each piece holds other bytes. */
function frames(bytes: Uint8Array, options: FramerOptions = {}, cuts: readonly number[] = []): { out: Frame[]; framer: Framer } {
  const framer = new Framer(options)
  const out: Frame[] = []
  const take = (b: Uint8Array, start: number, end: number, flags: number, total: number): void => {
    assert.ok(start >= 0 && start <= end && end <= b.length)
    out.push({ text: Buffer.from(b.subarray(start, end)).toString('latin1'), flags, total })
  }
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    const chunk = new Uint8Array(cut - at + 7).fill(10)
    chunk.set(bytes.subarray(at, cut), 3)
    framer.push(chunk, 3, 3 + cut - at, take)
    assert.ok(framer.held <= Math.max(options.limit ?? 5 << 20, 16))
    at = cut
  }
  framer.end(take)
  return { out, framer }
}

const texts = (s: string, options?: FramerOptions): string[] => frames(Buffer.from(s, 'latin1'), options).out.map((f) => f.text)

test('kinds of frames may change within a stream', () => {
  const one = frameOctet(Buffer.from('<13>a: x\ny'))
  const stream = Buffer.concat([Buffer.from('<14>b: 1\n'), one, one, Buffer.from('<15>c: 2\r\n10 errors found\n\n'), one])
  const { out, framer } = frames(stream)
  assert.deepEqual(
    out.map((f) => f.text),
    ['<14>b: 1', '<13>a: x\ny', '<13>a: x\ny', '<15>c: 2\r', '10 errors found', '<13>a: x\ny'],
  )
  assert.deepEqual(
    out.map((f) => f.flags),
    [0, FLAG.octetCounted, FLAG.octetCounted, 0, 0, FLAG.octetCounted],
  )
  assert.equal(framer.damaged, 0)
  assert.equal(framer.error, null)
})

test('NUL, CR and digits inside are data; empty lines are none', () => {
  assert.deepEqual(texts('<13>a\0b\n\r\n\n12 <x>\n'), ['<13>a\0b', '12 <x>'])
  assert.deepEqual(texts('<13>a\nb\0\0c\0', { mode: 'nul' }), ['<13>a\nb', 'c'])
  assert.deepEqual(texts('8 <13>a: b\n', { mode: 'lf' }), ['8 <13>a: b'])
})

test('a count that is too small: the bytes behind are one damaged frame, and the next count is found', () => {
  const stream = '8 <13>a: bcdef8 <14>c: d9 <15>e: ff'
  const { out, framer } = frames(Buffer.from(stream))
  assert.deepEqual(out, [
    { text: '<13>a: b', flags: FLAG.octetCounted, total: 8 },
    { text: 'cdef', flags: FLAG.frameDamaged, total: 4 },
    { text: '<14>c: d', flags: FLAG.octetCounted, total: 8 },
    { text: '<15>e: ff', flags: FLAG.octetCounted, total: 9 },
  ])
  assert.equal(framer.damaged, 1)
  assert.equal(frames(Buffer.from(stream), { mode: 'octet', strict: true }).framer.error, 'length_mismatch_suspected')
})

test('a frame above the limit is cut, and its rest is never a frame', () => {
  const long = `<13>a: ${'x'.repeat(100)}<14>evil`
  for (const stream of [`${long}\n<15>b\n`, `${long.length} ${long}5 <15>b`]) {
    const { out, framer } = frames(Buffer.from(stream), { limit: 20 })
    assert.equal(out.length, 2)
    assert.equal(out[0].text, long.slice(0, 20))
    assert.equal(out[0].total, long.length)
    assert.equal(out[0].flags & FLAG.truncated, FLAG.truncated)
    assert.equal(out[1].text, '<15>b')
    assert.equal(framer.cut, 1)
  }
  assert.equal(frames(Buffer.from(`${long.length} ${long}`), { limit: 20, mode: 'octet', strict: true }).framer.error, 'too_long')
})

test('the rest at the end of the stream is given and marked', () => {
  assert.deepEqual(frames(Buffer.from('<13>a\n<14>b')).out[1], { text: '<14>b', flags: FLAG.frameDamaged, total: 5 })
  const cut = frames(Buffer.from('20 <13>abc'))
  assert.deepEqual(cut.out, [{ text: '<13>abc', flags: FLAG.frameDamaged | FLAG.octetCounted, total: 7 }])
  assert.equal(cut.framer.error, 'incomplete')
  assert.deepEqual(texts('12'), ['12'])
})

test('frames within a chunk are spans of that chunk', () => {
  const chunk = Buffer.from('<13>a\n5 <13>b<14>c\n')
  const framer = new Framer()
  let seen = 0
  framer.push(chunk, 0, chunk.length, (bytes) => {
    assert.equal(bytes.buffer, chunk.buffer)
    seen++
  })
  assert.equal(seen, 3)
  assert.equal(framer.held, 0)
})

const PIECES = [
  '<13>a: b\n',
  '8 <13>a: b',
  '10 errors\n',
  '\n',
  '\r\n',
  '12 ',
  '<',
  '4 <1>',
  '3 <14',
  '0 ',
  '\0',
  '99999999 <1',
  '2 <1',
  '1234567890 <1',
  '7',
  '22 <5>1 - h a - - - text',
  'z',
]

function streamOf(random: Random): Buffer {
  let s = ''
  for (let n = random.below(24); n > 0; n--) s += PIECES[random.below(PIECES.length)]
  const bytes = Buffer.from(s, 'latin1')
  return random.below(3) === 0 ? random.mutate(bytes) : bytes
}

test('fuzz: however a stream is cut into chunks, its frames are the same and cover it', () => {
  const rounds = process.env.PULLBOX_PROVE === '1' ? 400_000 : 15_000
  const random = randomOf('framer')
  const modes: FrameMode[] = ['auto', 'auto', 'lf', 'octet', 'nul']
  for (let n = 0; n < rounds; n++) {
    const bytes = streamOf(random)
    const options: FramerOptions = { mode: modes[random.below(5)], limit: [5, 16, 1000][random.below(3)], strict: random.below(4) === 0 }
    const whole = frames(bytes, options)
    const cuts: number[] = []
    for (let at = 0; at < bytes.length; at += 1 + random.below(random.below(2) === 0 ? 2 : 12)) cuts.push(at)
    const pieces = frames(bytes, options, cuts)
    const text = JSON.stringify(bytes.toString('latin1'))
    assert.deepEqual(pieces.out, whole.out, text)
    assert.equal(pieces.framer.error, whole.framer.error, text)
    assert.equal(pieces.framer.settled, whole.framer.settled, text)
    assert.equal(pieces.framer.damaged, whole.framer.damaged, text)
    if (options.strict !== true) covers(bytes.toString('latin1'), whole.out, text)
  }
})

/** Frames stand in the stream in order; between them lie counts and terminators only. */
function covers(stream: string, out: readonly Frame[], text: string): void {
  // A gap may be read in more than one way (`12 ` is a count or the start of a line), so every way is tried.
  let places = new Set([0])
  for (const frame of out) {
    const next = new Set<number>()
    for (const at of places) for (const from of gaps(stream, at)) if (stream.startsWith(frame.text, from)) next.add(from + frame.total)
    places = next
  }
  assert.ok(
    [...places].some((at) => gaps(stream, at).includes(stream.length)),
    text,
  )
}

function gaps(stream: string, at: number): number[] {
  const found: number[] = []
  for (let p = at; ; p++) {
    found.push(p)
    const count = /^\d{1,9} /.exec(stream.slice(p, p + 10))
    if (count !== null) found.push(p + count[0].length)
    if (!'\r\n\0'.includes(stream[p] ?? 'x')) return found
  }
}
