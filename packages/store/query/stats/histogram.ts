import { choose } from '../pipe/fields.ts'
import { numbersOf } from '../pipe/number.ts'
import type { View } from '../pipe/view.ts'
import type { Accumulator, StatsFunction } from './accumulator.ts'

const PER_DECADE = 18
const LEAST = -9
const GREATEST = 18
const BUCKETS = (GREATEST - LEAST) * PER_DECADE
/** Buckets before the first and after the last one. */
const BELOW = -1
const ABOVE = BUCKETS

function bucketOf(value: number): number {
  const place = (Math.log10(value) - LEAST) * PER_DECADE
  if (place < 0) return BELOW
  if (place >= BUCKETS) return ABOVE
  const whole = Math.floor(place)
  // a bound belongs to the bucket below it
  return place === whole && whole > 0 ? whole - 1 : whole
}

/** `%.3e` with two digits of exponent. */
function bound(place: number): string {
  const text = (10 ** (place / PER_DECADE + LEAST)).toExponential(3)
  const [digits, exponent] = text.split('e') as [string, string]
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

function rangeOf(bucket: number): string {
  if (bucket === BELOW) return `0...${bound(0)}`
  if (bucket === ABOVE) return `${bound(BUCKETS)}...+Inf`
  return `${bound(bucket)}...${bound(bucket + 1)}`
}

class Histogram implements Accumulator {
  private readonly hits: Map<number, number>[] = []
  private readonly fields: readonly string[]
  private held = 0

  constructor(fields: readonly string[]) {
    this.fields = fields
  }

  get bytes(): number {
    return this.hits.length * 200 + this.held
  }

  grow(slots: number): void {
    while (this.hits.length < slots) this.hits.push(new Map())
  }

  private add(slot: number, bucket: number, many: number): void {
    const hits = this.hits[slot]!
    const old = hits.get(bucket)
    if (old === undefined) this.held += 48
    hits.set(bucket, (old ?? 0) + many)
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    for (const { column } of choose(view, this.fields)) {
      if (column === null) continue
      const number = numbersOf(column)
      for (let k = 0; k < picked.length; k++) {
        const value = number(picked[k]!)
        if (value >= 0) this.add(slots[k]!, bucketOf(value), 1)
      }
    }
  }

  export(): Map<number, number>[] {
    return this.hits
  }

  merge(state: unknown, to: Uint32Array): void {
    const hits = state as Map<number, number>[]
    for (let s = 0; s < to.length; s++) for (const [bucket, many] of hits[s]!) this.add(to[s]!, bucket, many)
  }

  result(slot: number): string {
    const hits = [...this.hits[slot]!].sort((a, b) => a[0] - b[0])
    return JSON.stringify(hits.map(([bucket, many]) => ({ vmrange: rangeOf(bucket), hits: many })))
  }
}

/** `histogram(field)`: JSON list of buckets, 18 to a decade, with hits. Negative values and what is no number are passed over. */
export const histogram: StatsFunction = { name: 'histogram', create: (node) => new Histogram(node.fields) }
