/** Bytes of each unit of size. `K`, `M`, `G` alone are left out: they are read in two ways. */
const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
/** Microseconds of each unit of time. A month or a year has no fixed length. */
const TIMES: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, m: 60e6, min: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 }

/** What is wrong with a quantity; the caller says where it stood. */
export class QuantityError extends Error {}

/**
 * Bytes: a plain number, or one with a unit (`16MiB`, `500 GB`, `1.5GiB`).
 * @throws QuantityError
 */
export function parseSize(value: string | number): number {
  if (typeof value === 'number') return whole(value, String(value))
  const m = /^(\d+(?:\.\d+)?) *([A-Za-z]*)$/.exec(value.trim())
  if (m === null) throw new QuantityError(`"${value}" is no size; write 16MiB or 500GB`)
  if (m[2] === '') return whole(Number(m[1]), value)
  const unit = Object.entries(SIZES).find(([name]) => name.toLowerCase() === m[2].toLowerCase())
  if (unit === undefined) throw new QuantityError(`"${m[2]}" is no unit of size (${Object.keys(SIZES).join(', ')})`)
  return whole(Math.round(Number(m[1]) * unit[1]), value)
}

function whole(bytes: number, said: string): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes
  throw new QuantityError(`"${said}" is no number of bytes`)
}

/**
 * Microseconds: `25ms`, `1d6h`, `1.5h`. A number alone is refused, as it has no unit; only 0 needs none.
 * @throws QuantityError saying how far the text was understood
 */
export function parseDuration(value: string | number): number {
  const text = String(value).trim()
  if (text === '0') return 0
  let at = 0
  let sum = 0
  const part = /(\d+(?:\.\d+)?) *([A-Za-z]+) */y
  while (at < text.length || at === 0) {
    part.lastIndex = at
    const m = part.exec(text)
    if (m === null) {
      throw new QuantityError(
        at === 0
          ? `"${text}" is no duration; write 25ms, 90s or 1d6h`
          : `"${text.slice(0, at).trim()}" was understood, "${text.slice(at)}" was not`,
      )
    }
    const unit = Object.hasOwn(TIMES, m[2]) ? TIMES[m[2]] : undefined
    if (unit === undefined) throw new QuantityError(`"${m[2]}" is no unit of time (w, d, h, m or min, s, ms, us)`)
    sum += Number(m[1]) * unit
    at = part.lastIndex
  }
  return Math.round(sum)
}

/** The shortest exact text of a size: `16MiB`, `500GB`, `1234`. */
export function sizeText(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB', 'TB', 'GB', 'MB', 'kB']) {
    if (bytes > 0 && bytes % SIZES[unit] === 0) return `${bytes / SIZES[unit]}${unit}`
  }
  return String(bytes)
}
