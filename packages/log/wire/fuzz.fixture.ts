/** Random numbers from a seed that is printed: give it back with PULLBOX_SEED to run the same again. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A whole number from 0 to below `limit` (at most 2^32). */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit)
  }

  /** A copy with a few bytes changed, removed, doubled, or cut at the end. */
  mutate(bytes: Uint8Array): Buffer {
    const out = [...bytes]
    for (let n = this.below(6); n > 0; n--) {
      const at = this.below(out.length + 1)
      const what = this.below(6)
      if (what === 0) out.splice(at, this.below(8))
      else if (what === 1) out.splice(at, 0, this.below(256))
      else if (what === 2) out.splice(at, 0, ...out.slice(at, at + this.below(12)))
      else if (what === 3) out.length = at
      else if (out.length > 0) out[at % out.length] = what === 4 ? this.below(256) : ODD[this.below(ODD.length)]
    }
    return Buffer.from(out)
  }
}

const ODD = [...Buffer.from('<>[]":%-. =\\\n\0 0919,|+*/{}TZ')]

/** Prints the seed it took. */
export function randomOf(name: string): Random {
  const seed = Number(process.env.PULLBOX_SEED ?? Date.now() % 2 ** 32)
  console.log(`# ${name}: PULLBOX_SEED=${seed}`)
  return new Random(seed)
}
