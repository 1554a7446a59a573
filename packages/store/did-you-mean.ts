const LONGEST = 64

/**
 * The candidate that was most likely meant by a mistyped word, or null when none is near: as many slips as a third of the word's
 * length are forgiven (a letter more, less or other, or two swapped), letter case none. Of equals the first one wins.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const wanted = word.toLowerCase().slice(0, LONGEST)
  let best: string | null = null
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    const slips = distance(wanted, candidate.toLowerCase().slice(0, LONGEST))
    if (slips < least && slips < candidate.length) {
      least = slips
      best = candidate
    }
  }
  return best
}

/** Slips between two words (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let slips = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) slips = Math.min(slips, before[j - 2] + 1)
      row.push(slips)
    }
    before = last
    last = row
  }
  return last[b.length]
}
