import assert from 'node:assert/strict'
import test from 'node:test'
import koffi from 'koffi'
import { fromBytes, format, ParseDetail, parseInto } from '@pullbox/ip'
import { seededRandom } from './seed.ts'

const seed = Number(process.env['PULLBOX_SEED'] ?? Date.now() % 2 ** 31)
const AF_INET = 2
const AF_INET6 = process.platform === 'darwin' ? 30 : 10
const ALPHABET = Buffer.from('0123456789abcdefABCDEF::::....%/ -x\0\xff', 'latin1')

const libc = koffi.load(null)
const inetPton = libc.func('int inet_pton(int family, const void *text, void *out)') as (
  family: number,
  text: Uint8Array,
  out: Uint8Array,
) => number
const inetNtop = libc.func('const char *inet_ntop(int family, const void *bytes, void *out, uint32_t size)') as (
  family: number,
  bytes: Uint8Array,
  out: Uint8Array,
  size: number,
) => string

type Random = (below: number) => number

/** A text that a person may have meant: an address printed in one of several ways. */
function plausible(random: Random): string {
  if (random(4) === 0) return `${random(300)}.${random(256)}.${random(256)}.${random(256)}`
  const bytes = new Uint8Array(16)
  for (let i = 0; i < 16; i++) bytes[i] = random(2) === 0 ? 0 : random(256)
  if (random(6) === 0) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255])
  const address = fromBytes(bytes)
  const shape = random(4)
  if (shape === 0) return format(address).toUpperCase()
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16))
  if (shape === 1) return groups.map((text) => text.padStart(4, '0')).join(':')
  if (shape === 2) return `${groups.slice(0, 6).join(':')}:${[...bytes.subarray(12)].join('.')}`
  return format(address, { style: 'inet_ntop' })
}

function mutate(text: string, random: Random): Buffer {
  const bytes = [...Buffer.from(text, 'latin1')]
  for (let edits = random(4); edits > 0; edits--) {
    const at = random(bytes.length + 1)
    const kind = random(5)
    if (kind === 0) bytes.splice(at, 1)
    else if (kind === 1) bytes.splice(at, 0, ALPHABET[random(ALPHABET.length)]!)
    else if (kind === 2 && bytes.length > 0) bytes[at % bytes.length] = ALPHABET[random(ALPHABET.length)]!
    else if (kind === 3) bytes.splice(at, random(6))
    else bytes.splice(at, 0, ...bytes.slice(random(bytes.length + 1)).slice(0, 6))
  }
  return Buffer.from(bytes)
}

/** The rule of ours by which we may differ from libc on this text, or undefined. */
function ruleOf(text: Buffer, ours: boolean, theirs: boolean): string | undefined {
  if (theirs && !ours && text.includes(0)) return 'a NUL ends a C string, and is a wrong byte here'
  if (ours && !theirs && text.includes(0x25)) return 'a zone is part of an address here, inet_pton knows none'
  return undefined
}

test('agrees with inet_pton on mutated texts', (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const rounds = process.env['PULLBOX_PROVE'] === '1' ? 1_000_000 : 20_000
  const detail = new ParseDetail()
  const ours = new Uint8Array(16)
  const theirs = Buffer.alloc(16)
  const byRule = new Map<string, number>()
  const odd: string[] = []
  let valid = 0
  for (let round = 0; round < rounds; round++) {
    const text = mutate(plausible(random), random)
    const asC = Buffer.concat([text, Buffer.of(0)])
    const accepted = parseInto(text, 0, text.length, ours, 0, detail) === 0
    const four = inetPton(AF_INET, asC, theirs) === 1
    const six = !four && inetPton(AF_INET6, asC, theirs) === 1
    if (accepted) valid++
    if (accepted && (four || six)) {
      const same = detail.family === (four ? 4 : 6) && theirs.compare(ours, four ? 12 : 0, 16, 0, four ? 4 : 16) === 0
      if (!same) odd.push(`${JSON.stringify(text.toString('latin1'))} other bytes`)
    } else if (accepted !== (four || six)) {
      const rule = ruleOf(text, accepted, four || six)
      if (rule === undefined) odd.push(`${JSON.stringify(text.toString('latin1'))} ours ${accepted}`)
      else byRule.set(rule, (byRule.get(rule) ?? 0) + 1)
    }
  }
  t.diagnostic(`${rounds} texts, ${valid} valid here`)
  for (const [rule, count] of byRule) t.diagnostic(`${count} differ: ${rule}`)
  assert.deepEqual(odd.slice(0, 20), [], `seed ${seed}`)
  assert.ok(valid > rounds / 20 && valid < rounds * 0.95, 'the mutations give both valid and invalid texts')
})

// glibc alone promises this spelling; other libcs print some addresses otherwise.
test('the inet_ntop style is what glibc prints', (t) => {
  const header = (process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }).header
  t.diagnostic(`seed ${seed}, glibc ${header.glibcVersionRuntime ?? 'none'}`)
  if (header.glibcVersionRuntime === undefined) return
  const random = seededRandom(seed)
  const room = Buffer.alloc(64)
  for (let round = 0; round < (process.env['PULLBOX_PROVE'] === '1' ? 1_000_000 : 10_000); round++) {
    const bytes = new Uint8Array(16)
    for (let i = random(16); i < 16; i++) bytes[i] = random(3) === 0 ? random(256) : random(6) === 0 ? 255 : 0
    if (random(4) === 0) bytes.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255])
    assert.equal(format(fromBytes(bytes), { style: 'inet_ntop' }), inetNtop(AF_INET6, bytes, room, 64))
  }
})
