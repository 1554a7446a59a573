import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { FLAG, Header } from '../wire/index.ts'
import { Batch, BATCH_RECORDS, BatchWriter, NO_PRIORITY } from './batch.ts'
import { BlockReader, encodeBlock, encodeLedgerBlock, isDamage, readBlockHeader, SECTION, stampBlock } from './block.ts'
import type { BlockHeader } from './block.ts'
import { createFilterBuilder, createPlainFilterBuilder } from './filter-builder.ts'

const seed = Number(process.env.PULLBOX_SEED ?? Date.now() & 0xffff)

const filters = createFilterBuilder()

interface Line {
  host: string
  app: string
  text: string
  priority: number
  time: number
  received: number
  source: string
  problem: number
  extra: number
}

/** Fills a batch with records whose bytes are host, app, pid and text one after another. */
function fill(writer: BatchWriter, lines: readonly Line[]): void {
  for (const line of lines) {
    const host = Buffer.from(line.host)
    const app = Buffer.from(line.app)
    const bytes = Buffer.concat([host, app, Buffer.from(`42${line.text}`)])
    const h = new Header()
    h.format = 1
    h.priority = line.priority
    h.time = line.time
    h.hostEnd = host.length
    h.appStart = host.length
    h.appEnd = h.pidStart = host.length + app.length
    h.pidEnd = h.messageStart = h.pidStart + 2
    h.messageEnd = bytes.length
    h.problem = line.problem
    h.problemAt = line.problem * 3
    h.flags = line.extra > 0 ? FLAG.truncated : 0
    assert.ok(writer.fits(bytes.length))
    writer.append(bytes, 0, bytes.length, h, writer.source(Buffer.from(line.source)), line.received, bytes.length + line.extra)
  }
}

function read(block: Uint8Array): BlockReader {
  const header = readBlockHeader(block) as BlockHeader
  assert.ok(!isDamage(header), JSON.stringify(header))
  return new BlockReader(header, (offset, length) => block.subarray(offset, offset + length))
}

const line = fc.record({
  host: fc.string({ maxLength: 20 }),
  app: fc.string({ unit: 'binary', maxLength: 20 }),
  text: fc.string({ unit: 'binary', maxLength: 200 }),
  priority: fc.integer({ min: -1, max: 191 }),
  time: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: -1e15, max: 4e15 }), fc.integer({ min: 1e15, max: 1e15 + 1e6 })),
  received: fc.integer({ min: 0, max: 4e15 }),
  source: fc.constantFrom('10.0.0.1', '2001:db8::1', 'unix:/dev/log', ''),
  problem: fc.integer({ min: 0, max: 5 }),
  extra: fc.constantFrom(0, 0, 0, 7),
})

test(`a block gives back every record and every column (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.constantFrom<'raw' | number>('raw', 1, 3), fc.boolean(), (lines, level, shared) => {
      const batch = shared ? Batch.alloc(64, 1 << 20) : Batch.alloc()
      fill(new BatchWriter(batch), lines)
      const block = encodeBlock(batch, { level, filter: filters, listener: 'udp 514' })
      stampBlock(block, { epoch: 7, firstSeq: 2 ** 40 })
      const reader = read(block)
      assert.equal(reader.header.count, lines.length)
      assert.equal(reader.header.firstSeq, 2 ** 40)
      assert.deepEqual(reader.verify(), [])
      const rows = reader.rows()
      const c = reader.columns()
      lines.forEach((l, i) => {
        const bytes = Buffer.concat([Buffer.from(l.host), Buffer.from(l.app), Buffer.from(`42${l.text}`)])
        assert.deepEqual(Buffer.from(rows.bytes(i)), bytes)
        assert.equal(rows.id(i), String(2 ** 40 + i))
        assert.equal(c.time[i], Number.isNaN(l.time) ? l.received : l.time)
        assert.equal(c.received[i], l.received)
        assert.equal(c.priority[i], l.priority < 0 ? NO_PRIORITY : l.priority)
        assert.equal(rows.column('host')!.text(i), Buffer.from(l.host).toString())
        assert.equal(rows.column('app')!.text(i), Buffer.from(l.app).toString())
        assert.equal(rows.column('pid')!.text(i), '42')
        assert.equal(rows.column('source')!.text(i), l.source)
        assert.equal(rows.column('_msg')!.text(i), Buffer.from(l.text).toString())
        assert.equal(c.problem[i], l.problem)
        assert.equal(c.problemAt[i], l.problem * 3)
        assert.equal(c.trueLength[i], bytes.length + l.extra)
      })
      assert.deepEqual(
        reader.counts('source'),
        lines.reduce((m, l) => m.set(l.source, (m.get(l.source) ?? 0) + 1), new Map<string, number>()),
      )
    }),
    { seed, numRuns: process.env.PULLBOX_PROVE ? 2000 : 150 },
  )
})

const sample: Line = {
  host: 'sw1',
  app: 'sshd',
  text: ' Failed from 10.0.0.7 port 22',
  priority: 38,
  time: 1e15,
  received: 1e15,
  source: '10.0.0.1',
  problem: 0,
  extra: 0,
}

test('every flipped bit of a block is found, and costs no more than its section', () => {
  const batch = Batch.alloc(64, 4096)
  fill(new BatchWriter(batch), [sample, { ...sample, host: 'sw2' }])
  const block = encodeBlock(batch, { level: 1, filter: null, listener: 'x' })
  stampBlock(block, { epoch: 1, firstSeq: 1 })
  for (let at = 0; at < block.length; at++) {
    const bad = Buffer.from(block)
    bad[at] ^= 1 << (at & 7)
    const header = readBlockHeader(bad)
    if (isDamage(header)) {
      assert.ok(at < 128 + 24 * 6, `byte ${at}`)
      continue
    }
    const reader = new BlockReader(header, (offset, length) => bad.subarray(offset, offset + length))
    const hit = reader.verify()
    assert.ok(hit.length > 0, `byte ${at} was flipped and nothing noticed`)
    assert.ok(
      hit.every((s) => at >= s.offset && at < s.offset + s.length),
      `byte ${at}`,
    )
  }
})

test('a header cut short asks for what it needs', () => {
  const batch = Batch.alloc(64, 4096)
  fill(new BatchWriter(batch), [sample])
  const block = encodeBlock(batch, { level: 'raw', filter: null, listener: '' })
  assert.deepEqual(readBlockHeader(block.subarray(0, 127)), { damage: 'short', need: 128 })
  assert.deepEqual(readBlockHeader(block.subarray(0, 130)), { damage: 'short', need: 128 + 24 * 6 })
  assert.deepEqual(readBlockHeader(Buffer.alloc(200)), { damage: 'magic', need: 0 })
})

test('filters never hide what is there, and skip what is not', () => {
  const batch = Batch.alloc(BATCH_RECORDS, 1 << 20)
  const writer = new BatchWriter(batch)
  for (let i = 0; i < 2000; i++)
    fill(writer, [{ ...sample, text: ` Login of User${i} from 10.${i % 250}.${(i * 7) % 250}.9, 1.2.3.4.5 x` }])
  const reader = read(encodeBlock(batch, { level: 1, filter: filters, listener: '' }))
  const b = (s: string) => Buffer.from(s)
  for (const there of ['user1999', 'LOGIN of', '42 login']) assert.ok(reader.mayContain(b(there)), there)
  for (const there of ['10.9.63.9', '1.2.3.4', '2.3.4.5', '10.249.243.9']) assert.ok(reader.mayContainAddress(b(there)), there)
  assert.equal(reader.mayContain(b('supercalifragilistic')), false)
  assert.equal(reader.mayContainAddress(b('192.168.177.213')), false)
})

test('a batch of the most records fits, and then asks for another', () => {
  const batch = Batch.alloc(8, 4096)
  const writer = new BatchWriter(batch)
  for (let i = 0; i < 8; i++) fill(writer, [{ ...sample, host: `h${i}` }])
  assert.equal(writer.fits(1), false)
  assert.ok(writer.full())
  assert.equal(
    read(encodeBlock(batch, { level: 1, filter: filters, listener: '' }))
      .rows()
      .column('host')!
      .text(7),
    'h7',
  )
  writer.use(batch)
  assert.equal(batch.count, 0)
})

test('a ledger block carries its payload', () => {
  const reader = read(encodeLedgerBlock(Buffer.from('{"a":1}'), 5))
  assert.equal(Buffer.from(reader.payload()).toString(), '{"a":1}')
  assert.equal(reader.header.count, 0)
})

test(`random bytes in any section are refused or decoded, never a crash (seed ${seed})`, () => {
  let x = seed
  const random = () => (x = (Math.imul(x, 1103515245) + 12345) >>> 0)
  const batch = Batch.alloc(64, 4096)
  fill(new BatchWriter(batch), [sample, sample, sample])
  const block = encodeBlock(batch, { level: 'raw', filter: filters, listener: '' })
  const header = readBlockHeader(block) as BlockHeader
  for (let round = 0; round < 2000; round++) {
    const target = header.sections[random() % header.sections.length]
    const bytes = Buffer.from(block.subarray(target.offset, target.offset + target.length))
    for (let k = 0; k < 1 + (random() % 4); k++) bytes[random() % bytes.length] = random()
    const { crc32 } = process.getBuiltinModule('node:zlib')
    const forged = { ...header, sections: header.sections.map((s) => (s.id === target.id ? { ...s, crc: crc32(bytes) } : s)) }
    const reader = new BlockReader(forged, (offset, length) => (offset === target.offset ? bytes : block.subarray(offset, offset + length)))
    try {
      const rows = reader.rows()
      for (const name of ['_msg', 'host', 'app', 'pid', 'severity', 'source', 'type'])
        for (let i = 0; i < rows.count; i++) assert.equal(typeof rows.column(name)!.text(i), 'string')
    } catch (error) {
      assert.match(String((error as { code?: string }).code), /^BLOCK_/, String(error))
    }
  }
  assert.ok(header.sections.some((s) => s.id === SECTION.trigrams))
})

test(`the filters in WebAssembly and in JavaScript agree in every bit (seed ${seed})`, () => {
  let x = seed
  const random = (n: number) => ((x = (Math.imul(x, 1103515245) + 12345) >>> 0) >>> 8) % n
  const alphabets = ['0123456789.. ', '1.a', 'ABCxyz_ 09.\u00e9']
  const plain = createPlainFilterBuilder()
  for (let round = 0; round < 300; round++) {
    const alphabet = alphabets[random(3)]
    const bytes = Buffer.from(Array.from({ length: random(400) }, () => alphabet[random(alphabet.length)]).join(''))
    const cuts = Uint32Array.from([
      0,
      ...Array.from({ length: random(6) }, () => random(bytes.length + 1)).sort((p, q) => p - q),
      bytes.length,
    ])
    const [a, b] = [filters.build(bytes, cuts), plain.build(bytes, cuts)]
    assert.ok(Buffer.from(a.trigrams).equals(b.trigrams) && Buffer.from(a.addresses).equals(b.addresses), JSON.stringify(bytes.toString()))
  }
})
