import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  Address,
  compare,
  contains,
  equal,
  format,
  formatPrefix,
  fromBytes,
  IpError,
  parse,
  ParseDetail,
  parseInto,
  parsePrefix,
  prefixOf,
  tryParse,
} from '@pullbox/ip'
import { seededRandom } from './seed.ts'

const seed = Number(process.env['PULLBOX_SEED'] ?? Date.now() % 2 ** 31)
const proving = process.env['PULLBOX_PROVE'] === '1'

test('parse(format(x)) = x, from a seed', (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const rounds = proving ? 1_000_000 : 20_000
  const zones = ['', '', '', 'eth0', 'é', '1', '\udcff', ':', ']']
  for (let round = 0; round < rounds; round++) {
    const four = random(8) === 0
    const bytes = new Uint8Array(four ? 4 : 16)
    for (let i = 0; i < bytes.length; i++) bytes[i] = random(2) === 0 ? 0 : random(256)
    if (!four && random(8) === 0) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255])
    const plain = fromBytes(bytes)
    const address = four ? plain : new Address(plain.bytes, 6, zones[random(zones.length)]!)
    const text = format(address)
    const again = parse(text)
    if (!equal(again, address) || compare(again, address) !== 0 || again.loose) assert.fail(`seed ${seed}: ${text} became ${format(again)}`)
    if (address.zone === '' && !equal(parse(format(address, { style: 'inet_ntop' })), address))
      assert.fail(`seed ${seed}: inet_ntop style of ${text}`)
  }
})

const anyAddress = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(fromBytes),
  fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.stringMatching(/^[a-z0-9.:\u00e9]{0,5}$/))
    .map(([bytes, zone]) => new Address(bytes, 6, zone)),
)

test('properties', (t) => {
  t.diagnostic(`seed ${seed}`)
  const options = { seed, numRuns: proving ? 100_000 : 1000 }
  fc.assert(
    fc.property(anyAddress, fc.nat({ max: 128 }), (address, length) => {
      const prefix = prefixOf(address, Math.min(length, address.family === 4 ? 32 : 128))
      assert.ok(contains(prefix, address))
      assert.equal(formatPrefix(parsePrefix(formatPrefix(prefix))), formatPrefix(prefix))
      assert.equal(
        formatPrefix(parsePrefix(`${format(new Address(address.bytes, address.family))}/${prefix.length}`, { mask: true })),
        formatPrefix(prefix),
      )
    }),
    options,
  )
  fc.assert(
    fc.property(anyAddress, anyAddress, anyAddress, (a, b, c) => {
      assert.equal(Math.sign(compare(a, b)), -Math.sign(compare(b, a)))
      assert.equal(compare(a, b) === 0, equal(a, b))
      if (compare(a, b) <= 0 && compare(b, c) <= 0) assert.ok(compare(a, c) <= 0)
    }),
    options,
  )
})

test('any bytes give a value or an error within the text', (t) => {
  t.diagnostic(`seed ${seed}`)
  const alphabet = [...Buffer.from('0123af:::...%/ g'), 0, 0xff]
  const text = fc.array(fc.constantFrom(...alphabet), { maxLength: 50 }).map((bytes) => Uint8Array.from(bytes))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      const detail = new ParseDetail()
      const out = new Uint8Array(16)
      const code = parseInto(bytes, 0, bytes.length, out, 0, detail)
      const address = tryParse(bytes)
      assert.equal(code === 0, address !== undefined)
      assert.equal(code === 0, detail.family !== 0)
      if (address !== undefined) assert.ok(equal(parse(format(address)), address))
      else assert.ok(detail.failedAt >= 0 && detail.failedAt <= bytes.length)
      try {
        parsePrefix(bytes)
      } catch (error) {
        assert.ok(error instanceof IpError && error.at >= 0 && error.at <= bytes.length)
      }
    }),
    { seed, numRuns: proving ? 500_000 : 5000 },
  )
})
