import { Address, format, fromBytes, parse, ParseDetail, parseInto, prefixOf, PrefixTable } from '@pullbox/ip'
import { seededRandom } from './seed.ts'

export type Row = {
  /** What was measured; ends in "absent" when the peer cannot be imported. */
  name: string
  /** Texts, addresses or look-ups per second; 0 when absent. */
  ops_per_second: number
  /** Ours divided by the peer's. */
  ratio?: number
}

const SEED = 20260601
const ROUNDS = 5
const MILLISECONDS = 200

/** The best of several rounds, in which `work` handles `count` items a call. */
function rate(count: number, work: () => number): number {
  let best = 0
  let kept = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    let calls = 0
    while (performance.now() - start < MILLISECONDS) {
      kept ^= work()
      calls++
    }
    best = Math.max(best, (calls * count * 1000) / (performance.now() - start))
  }
  if (kept === 0.5) throw new Error('never: keeps the work from being dropped')
  return best
}

function sample(): Address[] {
  const random = seededRandom(SEED)
  return Array.from({ length: 4096 }, (_, k) => {
    const bytes = new Uint8Array(k % 4 === 0 ? 4 : 16)
    for (let i = 0; i < bytes.length; i++) bytes[i] = bytes.length === 16 && random(3) === 0 ? 0 : random(256)
    return fromBytes(bytes)
  })
}

type IpaddrJs = { parse(text: string): { toString(): string }; fromByteArray(bytes: number[]): { toString(): string } }
type IpAddress = { Address6: new (text: string) => { correctForm(): string }; Address4: new (text: string) => { correctForm(): string } }

async function imported<T>(name: string): Promise<T | undefined> {
  try {
    const module = (await import(name)) as { default?: T }
    return module.default ?? (module as T)
  } catch {
    return undefined
  }
}

/** Parsing, printing and prefix look-ups, beside ipaddr.js and ip-address where they are installed. */
export async function bench(): Promise<Row[]> {
  const addresses = sample()
  const texts = addresses.map((address) => format(address))
  const rows: Row[] = []
  const ours = rate(texts.length, () => texts.reduce((sum, text) => sum + parse(text).family, 0))
  const printed = rate(texts.length, () => addresses.reduce((sum, address) => sum + format(address).length, 0))
  rows.push({ name: 'parse a string', ops_per_second: ours }, { name: 'format', ops_per_second: printed }, intoRow(texts))
  const ipaddr = await imported<IpaddrJs>('ipaddr.js')
  if (ipaddr === undefined) rows.push({ name: 'ipaddr.js absent', ops_per_second: 0 })
  else {
    const made = texts.map((text) => ipaddr.parse(text))
    const theirs = rate(texts.length, () => texts.reduce((sum: number, text) => sum + (ipaddr.parse(text) === undefined ? 0 : 1), 0))
    const theirText = rate(made.length, () => made.reduce((sum: number, value) => sum + value.toString().length, 0))
    rows.push(
      { name: 'ipaddr.js parse', ops_per_second: theirs, ratio: ours / theirs },
      { name: 'ipaddr.js toString', ops_per_second: theirText, ratio: printed / theirText },
    )
  }
  const other = await imported<IpAddress>('ip-address')
  if (other === undefined) rows.push({ name: 'ip-address absent', ops_per_second: 0 })
  else {
    const read = (text: string): { correctForm(): string } => (text.includes(':') ? new other.Address6(text) : new other.Address4(text))
    const made = texts.map(read)
    const theirs = rate(texts.length, () => texts.reduce((sum, text) => sum + (read(text) === undefined ? 0 : 1), 0))
    const theirText = rate(made.length, () => made.reduce((sum, value) => sum + value.correctForm().length, 0))
    rows.push(
      { name: 'ip-address parse', ops_per_second: theirs, ratio: ours / theirs },
      { name: 'ip-address correctForm', ops_per_second: theirText, ratio: printed / theirText },
    )
  }
  rows.push(lookUpRow('IPv4 /12 to /28', 4, 12, 28), lookUpRow('IPv6 /29 to /64 in 2000::/12', 16, 29, 64))
  return rows
}

function intoRow(texts: string[]): Row {
  const arena = Buffer.from(texts.join(' '))
  const ends = texts.map((text) => Buffer.byteLength(text))
  const out = new Uint8Array(16)
  const detail = new ParseDetail()
  const ops = rate(texts.length, () => {
    let start = 0
    let good = 0
    for (const length of ends) {
      if (parseInto(arena, start, start + length, out, 0, detail) === 0) good++
      start += length + 1
    }
    return good
  })
  return { name: 'parseInto', ops_per_second: ops }
}

/** 1e5 random prefixes; 1e5 addresses side by side in an arena, in random order, about a third made to lie in one of them. */
function lookUpRow(name: string, size: number, shortest: number, longest: number): Row {
  const random = seededRandom(SEED)
  const table = new PrefixTable<number>()
  const some = (): Address => {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[i] = random(256)
    if (size === 16) {
      bytes[0] = 0x20
      bytes[1] = bytes[1]! & 15
    }
    return fromBytes(bytes)
  }
  const family = size === 4 ? 4 : 6
  const asked = 100_000
  const arena = new Uint8Array(asked * 16)
  while (table.size < 100_000) {
    const address = some()
    table.set(prefixOf(address, shortest + random(longest - shortest + 1)), table.size)
    arena.set(random(2) === 0 ? address.bytes : some().bytes, random(asked) * 16)
  }
  for (let at = 0; at < arena.length; at += 16) {
    if (arena[at + 15] === 0) arena.set(some().bytes, at)
  }
  const ops = rate(asked, () => {
    let found = 0
    for (let at = 0; at < arena.length; at += 16) if (table.getBytes(arena, at, family) !== undefined) found++
    return found
  })
  return { name: `PrefixTable of 1e5, ${name}`, ops_per_second: ops }
}
