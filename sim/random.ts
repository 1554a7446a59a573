/** Random numbers from a seed, the same on every machine (xorshift128). */
export class Random {
  private readonly s = new Uint32Array(4)

  constructor(seed: number) {
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
      this.s[i] = z ^ (z >>> 16)
    }
    for (let i = 0; i < 8; i++) this.next()
  }

  /** A whole number, 0 .. 2^32 - 1. */
  next(): number {
    const s = this.s
    let t = s[3]
    t ^= t << 11
    t ^= t >>> 8
    s[3] = s[2]
    s[2] = s[1]
    s[1] = s[0]
    s[0] = t ^ s[0] ^ (s[0] >>> 19)
    return s[0]
  }

  /** A whole number, 0 <= n < below. */
  below(below: number): number {
    return Math.floor((this.next() / 4294967296) * below)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() / 4294967296 < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }
}
