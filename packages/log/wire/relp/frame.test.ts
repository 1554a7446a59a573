import assert from 'node:assert/strict'
import { test } from 'node:test'

import { encodeRelp, encodeResponse, nextTxnr, readOffers, readResponse, RELP_LIMITS, RelpDecoder } from '@pullbox/log/wire'
import type { RelpDecoderOptions } from '@pullbox/log/wire'

import { randomOf } from '../fuzz.fixture.ts'
import type { Random } from '../fuzz.fixture.ts'

const ROUNDS = process.env.PULLBOX_PROVE === '1' ? 500_000 : 8000

interface Seen {
  frames: { txnr: number; command: string; data: Buffer; total: number; at: number }[]
  error: unknown
  settled: number
  rest: Buffer
  unread: Buffer
}

/** Feeds the stream in pieces of the lengths that `next` gives. */
function decode(bytes: Uint8Array, next: () => number, options: RelpDecoderOptions = {}): Seen {
  const decoder = new RelpDecoder(options)
  const frames: Seen['frames'] = []
  let unread = bytes.length
  for (let p = 0; p < bytes.length;) {
    const end = Math.min(bytes.length, p + next())
    // Each chunk is a piece of memory of its own that is overwritten afterwards, as a socket's buffer is.
    const chunk = Buffer.concat([Buffer.from('9 x 9'), bytes.subarray(p, end), Buffer.from('\n9 ')])
    const read = decoder.push(chunk, 5, 5 + end - p, (f) => {
      frames.push({ txnr: f.txnr, command: f.command, data: Buffer.from(f.bytes.slice(f.start, f.end)), total: f.total, at: f.at })
    })
    chunk.fill(0x58)
    assert.ok(decoder.held <= RELP_LIMITS.header + (options.limit ?? RELP_LIMITS.data))
    if (read < 5 + end - p) {
      assert.notEqual(decoder.error, null)
      unread = p + read - 5
      break
    }
    p = end
  }
  return {
    frames,
    error: decoder.error,
    settled: decoder.settled,
    rest: Buffer.from(decoder.rest()),
    unread: Buffer.from(bytes.subarray(unread)),
  }
}

const whole = () => Number.MAX_SAFE_INTEGER

function randomFrame(random: Random): { txnr: number; command: string; data: Buffer } {
  const commands = ['syslog', 'rsp', 'open', 'close', 'serverclose', 'abort', 'starttls', 'Syslog', 'x', 'y'.repeat(32), 'syslox']
  const data = Buffer.from(Array.from({ length: random.below(4) === 0 ? 0 : random.below(60) }, () => random.below(256)))
  return {
    txnr: random.below(3) === 0 ? random.below(1_000_000_000) : random.below(12),
    command: commands[random.below(commands.length)],
    data,
  }
}

test('decode(encode(frames)) is the same frames, in any chunks, and encode(decode(bytes)) the same bytes', () => {
  const random = randomOf('relp frames')
  for (let n = 0; n < ROUNDS / 8; n++) {
    const frames = Array.from({ length: random.below(6) }, () => randomFrame(random))
    const stream = Buffer.concat(frames.map((f) => encodeRelp(f.txnr, f.command, f.data)))
    const size = 1 + random.below(40)
    const seen = decode(stream, n % 2 === 0 ? () => 1 + random.below(size) : whole)
    assert.deepEqual(
      seen.frames.map(({ txnr, command, data }) => ({ txnr, command, data })),
      frames,
    )
    assert.equal(seen.error, null)
    assert.equal(seen.settled, stream.length)
    assert.equal(seen.rest.length, 0)
    assert.ok(Buffer.concat(seen.frames.map((f) => encodeRelp(f.txnr, f.command, f.data))).equals(stream))
  }
})

const SEEDS = [
  '1 open 14 relp_version=0\n2 syslog 3 abc\n3 close 0\n',
  '2 rsp 6 200 OK\n',
  '0 serverclose 0\n',
  '7 syslog 0 \n8 syslog 00\n',
  '1 syslog 12 1 syslog 0\n\n\n2 abort 1 x\n',
]

test('any bytes: nothing throws, chunks make no difference, every byte is in a frame, in the rest or unread', () => {
  const random = randomOf('relp bytes')
  for (let n = 0; n < ROUNDS; n++) {
    const pick = () => Buffer.from(SEEDS[random.below(SEEDS.length)])
    const noise = Buffer.from(Array.from({ length: random.below(30) }, () => random.below(256)))
    const bytes = n % 8 === 0 ? noise : random.mutate(Buffer.concat([pick(), pick()]))
    const options: RelpDecoderOptions = n % 3 === 0 ? { limit: random.below(8), oversize: n % 2 === 0 ? 'cut' : 'refuse' } : {}
    const once = decode(bytes, whole, options)
    assert.deepEqual(
      decode(bytes, () => 1, options),
      once,
    )
    assert.deepEqual(
      decode(bytes, () => 1 + random.below(9), options),
      once,
    )
    if (n % 3 === 0) continue
    assert.ok(Buffer.concat([bytes.subarray(0, once.settled), once.rest, once.unread]).equals(bytes))
    if (once.error !== null) assert.equal((once.error as { at: number }).at, bytes.length - once.unread.length)
  }
})

test('each error has its kind and its place', () => {
  const cases: [string, string, number][] = [
    [' 1 syslog 0\n', 'txnr', 0],
    ['-1 syslog 0\n', 'txnr', 0],
    ['1234567890 syslog 0\n', 'txnr', 9],
    ['1\n', 'txnr', 1],
    ['1  0\n', 'command', 2],
    ['1 sys1og 0\n', 'command', 5],
    ['1 syslog\n', 'command', 8],
    [`1 ${'a'.repeat(33)} 0\n`, 'command', 34],
    ['1 syslog x\n', 'length', 9],
    ['1 syslog \n', 'length', 9],
    ['1 syslog 3\nabc\n', 'length', 10],
    ['1 syslog 1234567890 a', 'length', 18],
    ['1 syslog 3 abcd\n', 'trailer', 14],
    ['1 syslog 0 a\n', 'trailer', 11],
    ['1 syslog 0  \n', 'trailer', 11],
    ['1 syslog 3 abc\r\n', 'trailer', 14],
  ]
  for (const [text, kind, at] of cases) {
    assert.deepEqual(decode(Buffer.from(text), whole).error, { kind, at, frameAt: 0 }, text)
    const later = decode(Buffer.from(`5 rsp 3 200\n${text}`), () => 2)
    assert.deepEqual(later.error, { kind, at: 12 + at, frameAt: 12 }, text)
    assert.equal(later.frames.length, 1)
  }
})

test('data over the limit is cut, with its length told, or refused', () => {
  const stream = Buffer.from('1 syslog 10 0123456789\n2 syslog 4 abcd\n')
  for (const next of [whole, () => 1]) {
    const { frames } = decode(stream, next, { limit: 4 })
    assert.deepEqual(
      frames.map((f) => [f.data.toString(), f.total]),
      [
        ['0123', 10],
        ['abcd', 4],
      ],
    )
    assert.deepEqual(decode(stream, next, { limit: 4, oversize: 'refuse' }).error, { kind: 'length', at: 11, frameAt: 0 })
  }
  const decoder = new RelpDecoder()
  const start = Buffer.from('1 syslog 999999999 a')
  decoder.push(start, 0, start.length, () => assert.fail())
  assert.equal(decoder.held, start.length, 'an announced length takes no memory')
})

test('a taker can stop the decoder behind a frame', () => {
  const stream = Buffer.from('1 syslog 1 a\n2 syslog 1 b\n3 sys')
  const decoder = new RelpDecoder()
  const seen: number[] = []
  const take = (f: { txnr: number }) => seen.push(f.txnr) > 1
  const read = decoder.push(stream, 0, stream.length, take)
  assert.equal(read, 13)
  assert.equal(decoder.push(stream, read, stream.length, take), stream.length)
  assert.deepEqual(seen, [1, 2])
  assert.equal(Buffer.from(decoder.rest()).toString(), '3 sys')
})

test('what can be no frame is not made', () => {
  const invalid = { code: 'WIRE_RELP_INVALID' }
  for (const txnr of [-1, 1.5, Number.NaN, RELP_LIMITS.txnr + 1]) assert.throws(() => encodeRelp(txnr, 'rsp'), invalid)
  for (const command of ['', 'a b', 'sys1', 'é', 'x'.repeat(33), 'rsp\n']) assert.throws(() => encodeRelp(1, command), invalid)
  for (const code of [99, 1000, 200.5, Number.NaN]) assert.throws(() => encodeResponse(1, code), invalid)
  assert.throws(() => encodeResponse(1, 200, 'a\nb'), invalid)
  assert.equal(nextTxnr(RELP_LIMITS.txnr), 1)
  assert.equal(nextTxnr(1), 2)
})

test('responses and offers', () => {
  const read = (text: string) => readResponse(Buffer.from(text), 0, Buffer.byteLength(text))
  assert.deepEqual(read('200 OK\na=1'), { code: 200, message: 'OK', dataStart: 7 })
  assert.deepEqual(read('200'), { code: 200, message: '', dataStart: 3 })
  assert.deepEqual(read('500\nx'), { code: 500, message: '', dataStart: 4 })
  for (const text of ['', '20', ' 200', '2000', '20x OK', '200OK']) assert.equal(read(text), null, text)
  const lines = Buffer.from('\nrelp_version=1\ncommands=syslog,x\nflag\ncommands=y\n\n__proto__=z')
  assert.deepEqual(
    [...readOffers(lines, 0, lines.length)],
    [
      ['relp_version', '1'],
      ['commands', 'syslog,x'],
      ['flag', ''],
      ['__proto__', 'z'],
    ],
  )
  const many = Buffer.from(Array.from({ length: 1000 }, (_, i) => `n${i}=1`).join('\n'))
  assert.equal(readOffers(many, 0, many.length).size, RELP_LIMITS.offers)
})
