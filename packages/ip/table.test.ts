import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Address, contains, equal, formatPrefix, fromBytes, parse, parsePrefix, Prefix, prefixOf, PrefixTable } from '@pullbox/ip'
import { seededRandom } from './seed.ts'

test('the longest prefix wins', () => {
  const table = new PrefixTable<string>()
  for (const text of ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '2001:db8::/32', '2001:db8:1::/48', 'fe80::/10'])
    table.set(parsePrefix(text), text)
  const cases: Array<[string, string | undefined]> = [
    ['10.1.2.3', '10.1.2.3/32'],
    ['10.1.2.4', '10.1.0.0/16'],
    ['10.2.0.0', '10.0.0.0/8'],
    ['11.0.0.0', '0.0.0.0/0'],
    ['::ffff:10.1.2.3', undefined],
    ['2001:db8:1::9', '2001:db8:1::/48'],
    ['2001:db8:2::9', '2001:db8::/32'],
    ['2001:db9::', undefined],
    ['fe80::1%eth0', 'fe80::/10'],
  ]
  for (const [text, expected] of cases) {
    const address = parse(text)
    assert.equal(table.get(address), expected, text)
    assert.equal(table.getBytes(Uint8Array.from([7, 7, ...address.bytes]), 2, address.family), expected, text)
    const match = table.match(address)
    assert.equal(match === undefined ? undefined : formatPrefix(match.prefix), expected, text)
  }
  assert.equal(table.size, 7)
  assert.equal(table.set(parsePrefix('10.0.0.0/8'), 'again').size, 7)
  assert.equal(table.exact(parsePrefix('10.0.0.0/8')), 'again')
  assert.equal(table.exact(parsePrefix('10.0.0.0/9')), undefined)
  assert.equal(table.delete(parsePrefix('10.0.0.0/9')), false)
  assert.equal(table.delete(parsePrefix('10.1.0.0/16')), true)
  assert.equal(table.get(parse('10.1.2.4')), 'again')
  assert.equal(table.get(parse('10.1.2.3')), '10.1.2.3/32')
  assert.equal(table.size, 6)
})

// Few different bytes, so that prefixes nest and fork at every depth.
const nearBytes = fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: 16, maxLength: 16 })
const anyAddress: fc.Arbitrary<Address> = fc
  .tuple(fc.boolean(), nearBytes)
  .map(([four, bytes]) => fromBytes(Uint8Array.from(four ? bytes.slice(0, 4) : bytes)))
const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(anyAddress, fc.nat({ max: 128 }))
  .map(([address, length]) => prefixOf(address, Math.min(length, address.family === 4 ? 32 : 128)))

test('agrees with a list of prefixes searched one by one, also after deletes', (t) => {
  const seed = Number(process.env['PULLBOX_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const step = fc.record({ remove: fc.boolean(), prefix: anyPrefix })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(anyAddress, { maxLength: 20 }), (steps, addresses) => {
      const table = new PrefixTable<number>()
      const model = new Map<string, { prefix: Prefix; value: number }>()
      for (const [value, { remove, prefix }] of steps.entries()) {
        const key = formatPrefix(prefix)
        if (remove) assert.equal(table.delete(prefix), model.delete(key))
        else {
          table.set(prefix, value)
          model.set(key, { prefix, value })
        }
        assert.equal(table.size, model.size)
      }
      const known = [...model.values()]
      for (const { prefix, value } of known) assert.equal(table.exact(prefix), value)
      for (const address of [...addresses, ...known.map(({ prefix }) => new Address(prefix.bytes, prefix.family))]) {
        const best = known.filter(({ prefix }) => contains(prefix, address)).toSorted((a, b) => b.prefix.length - a.prefix.length)[0]
        // Both ways of looking up: the first asks are answered by the trie, later ones by its index.
        for (let ask = 0; ask < 3; ask++) assert.equal(table.get(address), best?.value)
        const match = table.match(address)
        if (best !== undefined)
          assert.ok(
            match !== undefined &&
              equal(new Address(match.prefix.bytes, match.prefix.family), new Address(best.prefix.bytes, best.prefix.family)),
          )
      }
    }),
    { seed, numRuns: process.env['PULLBOX_PROVE'] === '1' ? 20_000 : 300 },
  )
})

test('a dense table, through its index, agrees with a search in a list', (t) => {
  const seed = Number(process.env['PULLBOX_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const some = (): Address =>
    fromBytes(Uint8Array.from(random(2) === 0 ? { length: 4 } : { length: 16 }, (_, i) => (i < 2 ? random(256) : random(2) * 255)))
  const table = new PrefixTable<number>()
  const known: Prefix[] = []
  for (let i = 0; i < 3000; i++) {
    const address = some()
    const prefix = prefixOf(address, random(address.family === 4 ? 33 : 49))
    if (table.exact(prefix) === undefined) known.push(prefix)
    table.set(prefix, table.exact(prefix) ?? known.length - 1)
  }
  assert.equal(table.size, known.length)
  for (let i = 0; i <= known.length; i++) table.get(parse('::'))
  assert.ok(Reflect.get(table, 'index') !== undefined, 'the index is laid out by now')
  for (let round = 0; round < 500; round++) {
    const address = some()
    let best = -1
    for (const [i, prefix] of known.entries()) {
      if (contains(prefix, address) && (best < 0 || prefix.length > known[best]!.length)) best = i
    }
    assert.equal(table.get(address), best < 0 ? undefined : best, String(address))
  }
})

test('deleting all gives the room back', () => {
  const table = new PrefixTable<number>()
  const prefixes = Array.from({ length: 2000 }, (_, i) =>
    prefixOf(fromBytes(Uint8Array.of(10, i >> 3, (i * 37) & 255, i & 255)), 8 + (i % 25)),
  )
  const distinct = new Set(prefixes.map(formatPrefix)).size
  for (let round = 0; round < 5; round++) {
    for (const [i, prefix] of prefixes.entries()) table.set(prefix, i)
    assert.equal(table.size, distinct)
    for (const prefix of prefixes) table.delete(prefix)
    assert.equal(table.size, 0)
    assert.equal(table.get(parse('10.0.0.0')), undefined)
  }
  const { nodes } = Reflect.get(table, 'trie') as { nodes: number }
  assert.ok(nodes <= 2 * distinct + 3, `${nodes} nodes were made for ${distinct} prefixes`)
})
