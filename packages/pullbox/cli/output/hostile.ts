/**
 * The one door for every string that is not ours (messages, hosts, file names, errors of other programs) on its way to a
 * terminal, a pipe or the page. It imports nothing of Node, so the page uses it too.
 *
 * What becomes an escape: C0 and DEL (tab and line feed too), C1 as code points (`\u009b`) and as raw bytes (`\x9b`), bidi
 * controls (U+061C, U+200E, U+200F, U+202A-202E, U+2066-2069), the line separators U+2028 and U+2029, every byte that is
 * not UTF-8 and every lone surrogate. All else stays as it is, backslashes included: where the difference matters, the
 * escapes stand in reverse video or in a box, or `--json` is used.
 */

// The ranges are those of the rule above. Built from text, because a linter rightly dislikes control characters in a literal.
const RANGES = '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069'
// With the flag u a surrogate of a pair is not matched on its own, a lone one is.
const HOSTILE = new RegExp(`[${RANGES}\\ud800-\\udfff]`, 'u')
const HOSTILE_RUNS = new RegExp(`[${RANGES}\\ud800-\\udfff]+`, 'gu')
const JSON_HOSTILE = new RegExp('[\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]', 'g')

const REVERSE = '\x1b[7m'
const PLAIN = '\x1b[27m'

/** A piece of text: either as it came, or an escape that stands for something that must not be shown. */
export interface Piece {
  readonly text: string
  readonly escaped: boolean
}

/** The text for one line of output. With `reverse`, the escapes stand in reverse video; else the result holds no control character at all. */
export function hostile(input: string | Uint8Array, reverse: boolean): string {
  if (typeof input === 'string') return hostileText(input, reverse)
  let out = ''
  for (const piece of decode(input)) {
    if (!piece.escaped) out += hostileText(piece.text, reverse)
    else out += reverse ? REVERSE + piece.text + PLAIN : piece.text
  }
  return out
}

/** The same, in pieces, for an output that marks escapes in its own way (the page draws a box). */
export function hostilePieces(input: string | Uint8Array): Piece[] {
  const out: Piece[] = []
  const add = (text: string, escaped: boolean) => {
    const last = out.at(-1)
    if (last?.escaped === escaped) out[out.length - 1] = { text: last.text + text, escaped }
    else if (text !== '') out.push({ text, escaped })
  }
  for (const piece of typeof input === 'string' ? [{ text: input, escaped: false }] : decode(input)) {
    if (piece.escaped) {
      add(piece.text, true)
      continue
    }
    let from = 0
    for (const match of piece.text.matchAll(HOSTILE_RUNS)) {
      add(piece.text.slice(from, match.index), false)
      add(escapes(match[0]), true)
      from = match.index + match[0].length
    }
    add(piece.text.slice(from), false)
  }
  return out
}

/** `JSON.stringify` in which DEL, C1, bidi controls and line separators are escaped too; the value that it means is the same. */
export function hostileJson(value: unknown): string {
  return JSON.stringify(value).replace(JSON_HOSTILE, (c) => unicodeEscape(c.charCodeAt(0)))
}

function hostileText(text: string, reverse: boolean): string {
  if (!HOSTILE.test(text)) return text
  return text.replace(HOSTILE_RUNS, (run) => (reverse ? REVERSE + escapes(run) + PLAIN : escapes(run)))
}

function escapes(run: string): string {
  let out = ''
  for (let i = 0; i < run.length; i++) {
    const c = run.charCodeAt(i)
    out += c < 0x80 ? byteEscape(c) : unicodeEscape(c)
  }
  return out
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const plain = new TextDecoder('utf-8', { ignoreBOM: true })

/** Text where the bytes are UTF-8, an escape for each byte that is not. */
function decode(bytes: Uint8Array): Piece[] {
  try {
    return [{ text: strict.decode(bytes), escaped: false }]
  } catch {
    // Not UTF-8 as a whole: taken apart below.
  }
  const out: Piece[] = []
  let good = 0
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    if (at > good) out.push({ text: plain.decode(bytes.subarray(good, at)), escaped: false })
    out.push({ text: byteEscape(bytes[at]), escaped: true })
    good = ++at
  }
  if (at > good) out.push({ text: plain.decode(bytes.subarray(good, at)), escaped: false })
  return out
}

/** Length of the well-formed UTF-8 sequence at `at` (Unicode, table 3-7), or 0. */
function sequenceLength(b: Uint8Array, at: number): number {
  const first = b[at]
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const second = b[at + 1]
  const tail = (i: number) => b[at + i] >= 0x80 && b[at + i] <= 0xbf
  if (first < 0xe0) return tail(1) ? 2 : 0
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (!(second >= least && second <= most)) return 0
  if (first < 0xf0) return tail(2) ? 3 : 0
  return tail(2) && tail(3) ? 4 : 0
}
