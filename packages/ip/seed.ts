/** Whole numbers below a bound, the same for the same seed (xorshift, 32 bits). For tests and benches. */
export function seededRandom(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
