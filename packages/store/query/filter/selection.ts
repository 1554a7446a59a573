/** Some of the rows 0 .. size-1, one bit each. */
export class Selection {
  readonly size: number
  /** Bit `i & 31` of word `i >> 5`; bits from `size` on are zero. */
  readonly words: Uint32Array

  constructor(size: number, words = new Uint32Array((size + 31) >>> 5)) {
    this.size = size
    this.words = words
  }

  /** All rows. */
  static all(size: number): Selection {
    return new Selection(size).fill()
  }

  fill(): this {
    this.words.fill(0xffffffff)
    const rest = this.size & 31
    if (rest !== 0) this.words[this.words.length - 1] = 0xffffffff >>> (32 - rest)
    return this
  }

  clearAll(): void {
    this.words.fill(0)
  }

  has(i: number): boolean {
    return (this.words[i >>> 5]! & (1 << (i & 31))) !== 0
  }

  set(i: number): void {
    this.words[i >>> 5]! |= 1 << (i & 31)
  }

  clear(i: number): void {
    this.words[i >>> 5]! &= ~(1 << (i & 31))
  }

  count(): number {
    let total = 0
    for (const word of this.words) total += bits(word)
    return total
  }

  isEmpty(): boolean {
    for (const word of this.words) if (word !== 0) return false
    return true
  }

  copy(): Selection {
    return new Selection(this.size, this.words.slice())
  }

  and(other: Selection): void {
    for (let w = 0; w < this.words.length; w++) this.words[w]! &= other.words[w]!
  }

  andNot(other: Selection): void {
    for (let w = 0; w < this.words.length; w++) this.words[w]! &= ~other.words[w]!
  }

  or(other: Selection): void {
    for (let w = 0; w < this.words.length; w++) this.words[w]! |= other.words[w]!
  }

  /** The other rows. */
  not(): void {
    for (let w = 0; w < this.words.length; w++) this.words[w] = ~this.words[w]!
    const rest = this.size & 31
    if (rest !== 0) this.words[this.words.length - 1]! &= 0xffffffff >>> (32 - rest)
  }

  /** Calls `visit` for each row, ascending. */
  forEach(visit: (row: number) => void): void {
    for (let w = 0; w < this.words.length; w++) {
      let word = this.words[w]!
      while (word !== 0) {
        const low = 31 - Math.clz32(word & -word)
        visit(w * 32 + low)
        word &= word - 1
      }
    }
  }

  /** Clears the rows that `keep` denies. */
  filter(keep: (row: number) => boolean): void {
    for (let w = 0; w < this.words.length; w++) {
      let word = this.words[w]!
      let kept = word
      while (word !== 0) {
        const bit = word & -word
        if (!keep(w * 32 + 31 - Math.clz32(bit))) kept &= ~bit
        word &= word - 1
      }
      this.words[w] = kept
    }
  }
}

function bits(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
