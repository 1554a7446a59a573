import {
  durationOf,
  ipv4Of,
  numberOf,
  parseFieldName,
  parseWord,
  plainNumber,
  printDuration,
  rfc3339Of,
  type Lexer,
} from '../language/index.ts'
import { formatTime } from './time.ts'
import { formatNumber } from './number.ts'

/** How values are rounded down before they are grouped. */
export interface Bucket {
  /** As written, for printing. */
  readonly text: string
  readonly unit: 'fixed' | 'week' | 'month' | 'year' | 'prefix'
  /** A number, bytes, or nanoseconds; for `prefix` 2^(32 - bits). 0 for month and year. */
  readonly size: number
  readonly offset: number
  readonly offsetText: string
}

/** One field of `by (...)`. */
export interface ByField {
  readonly name: string
  readonly bucket: Bucket | null
}

const DAY = 86_400e9
const UNITS: Record<string, number> = {
  nanosecond: 1,
  microsecond: 1e3,
  millisecond: 1e6,
  second: 1e9,
  minute: 60e9,
  hour: 3600e9,
  day: DAY,
  week: 7 * DAY,
  month: 0,
  year: 0,
}

/** `name`, `name:1h`, `name:month offset 2h`, `name:/24`. */
export function parseByField(lexer: Lexer): ByField {
  const at = lexer.at
  if (lexer.is('*')) lexer.fail('a field name expected, not a wildcard')
  const name = parseFieldName(lexer)
  if (name.endsWith('*') || (lexer.is('*') && !lexer.spaceBefore)) lexer.fail('a field name expected, not a wildcard', '', at)
  return { name, bucket: lexer.accept(':') ? parseBucket(lexer) : null }
}

function parseBucket(lexer: Lexer): Bucket {
  const at = lexer.at
  const text = parseWord(lexer, 'a size of buckets')
  const { unit, size } =
    sizeOf(text) ?? lexer.fail(`a size of buckets expected, not ${JSON.stringify(text)}`, 'a number, 10KiB, 5m, month or /24', at)
  if (!lexer.accept('offset')) return { text, unit, size, offset: 0, offsetText: '' }
  const offsetAt = lexer.at
  const offsetText = parseWord(lexer, 'an offset')
  const offset = numberOf(offsetText)
  if (offset === null || !Number.isFinite(offset))
    lexer.fail(`an offset such as 2h expected, not ${JSON.stringify(offsetText)}`, '', offsetAt)
  return { text, unit, size, offset, offsetText }
}

function sizeOf(text: string): { unit: Bucket['unit']; size: number } | null {
  const word = text.toLowerCase()
  if (word === 'week' || word === 'month' || word === 'year') return { unit: word, size: UNITS[word]! }
  if (Object.hasOwn(UNITS, word)) return { unit: 'fixed', size: UNITS[word]! }
  const bits = /^\/(\d{1,2})$/.exec(text)
  if (bits !== null) return Number(bits[1]) <= 32 ? { unit: 'prefix', size: 2 ** (32 - Number(bits[1])) } : null
  const size = numberOf(text)
  return size === null || !(size > 0) || !Number.isFinite(size) ? null : { unit: 'fixed', size }
}

/** The beginning of the bucket that a time lies in, both microseconds since 1970. */
export function timeBucket(bucket: Bucket): (micros: number) => number {
  const offset = bucket.offset / 1000
  if (bucket.unit === 'month' || bucket.unit === 'year') {
    return (micros) => {
      const date = new Date(Math.floor((micros - offset) / 1000))
      return Date.UTC(date.getUTCFullYear(), bucket.unit === 'year' ? 0 : date.getUTCMonth()) * 1000 + offset
    }
  }
  const step = bucket.size / 1000
  if (!(step > 1)) return (micros) => micros
  // 1970 began on a Thursday; weeks begin on Monday
  const start = bucket.unit === 'week' ? offset + (4 * DAY) / 1000 : offset
  return (micros) => Math.floor((micros - start) / step) * step + start
}

/** Seconds of one bucket; 0 where they differ in length. */
export function bucketSeconds(bucket: Bucket): number {
  return bucket.size / 1e9
}

function micros(text: string): number | null {
  const cut = text.replace(/([.,]\d{6})\d+/, '$1')
  const nanos = rfc3339Of(cut)
  return nanos === null ? null : Math.round(nanos / 1000)
}

function printIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Rounds a value down; what is no number, time, address or duration stays as it is. */
export function bucketText(bucket: Bucket): (text: string) => string {
  const ofTime = timeBucket(bucket)
  const { size, offset } = bucket
  const down = (value: number): number => (size > 0 ? Math.floor((value - offset) / size) * size + offset : value)
  return (text) => {
    const first = text.charCodeAt(0)
    if (!((first >= 48 && first <= 57) || first === 45 || first === 43 || first === 46)) return text
    if (bucket.unit === 'prefix') {
      const address = ipv4Of(text)
      return address === null ? text : printIpv4(Math.floor(address / size) * size)
    }
    const time = micros(text)
    if (time !== null) return formatTime(ofTime(time))
    const plain = plainNumber(text)
    if (plain !== null) return formatNumber(down(plain))
    const duration = durationOf(text)
    if (duration !== null) return printDuration(down(duration))
    const bytes = numberOf(text)
    if (bytes !== null) return formatNumber(down(bytes))
    const address = ipv4Of(text)
    return address === null ? text : printIpv4(Math.max(0, down(address)))
  }
}
