const SPACE = 32
const COLON = 58
/** RFC 5424 lets a host name have 255 bytes; a longer word is none. */
const WORD = 256

const isAlnum = (b: number): boolean => (b >= 48 && b <= 57) || ((b | 32) >= 97 && (b | 32) <= 122)

/** The end of the word at `at`: a blank or control byte, or `end`. */
export function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && bytes[p] > SPACE) p++
  return p
}

/** The first place at or behind `at` that holds no blank. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let p = at
  while (p < end && bytes[p] === SPACE) p++
  return p
}

/** The bytes as Latin-1, or '' for more than a word can have; for short words in rare shapes only. */
export function text(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > WORD) return ''
  // A spread of a view would cost three allocations.
  let word = ''
  for (let p = from; p < to; p++) word += String.fromCharCode(bytes[p])
  return word
}

/** True for what can be a host's name or address: letters, digits, `.-_:/%@#~+`, bytes above ASCII, brackets around IPv6. */
export function isHost(bytes: Uint8Array, from: number, to: number): boolean {
  if (to <= from || to - from > 255) return false
  let named = false
  const bracketed = bytes[from] === 91 && bytes[to - 1] === 93 && to - from > 4
  for (let p = bracketed ? from + 1 : from; p < (bracketed ? to - 1 : to); p++) {
    const b = bytes[p]
    if (isAlnum(b) || b > 127) named = true
    else if (b !== 45 && b !== 46 && b !== 95 && b !== 58 && b !== 47 && b !== 37 && b !== 64 && b !== 35 && b !== 126 && b !== 43) {
      return false
    }
  }
  return named
}

/** True for an IPv4 or IPv6 address, by its looks. */
export function isAddress(bytes: Uint8Array, from: number, to: number): boolean {
  let dots = 0
  let colons = 0
  for (let p = from; p < to; p++) {
    const b = bytes[p]
    if (b === 46) dots++
    else if (b === COLON) colons++
    else if (!(b >= 48 && b <= 57) && !(colons > 0 || to - from > 15 || (b | 32) <= 102)) return false
    else if (!(b >= 48 && b <= 57) && !((b | 32) >= 97 && (b | 32) <= 102)) return false
  }
  return (dots === 3 && colons === 0 && bytes[from] <= 57) || colons > 1
}

/**
 * Where a host's name starts that a chassis put the place of the sender before: `slot1/` (F5), `re0.` and `re1-` (routing engines of
 * Junos). The host is the same whichever part of it speaks.
 */
export function behindPart(bytes: Uint8Array, from: number, to: number): number {
  const first = bytes[from]
  if (first === 114 && to - from > 4 && bytes[from + 1] === 101 && (bytes[from + 2] | 1) === 49) {
    return bytes[from + 3] === 46 || bytes[from + 3] === 45 ? from + 4 : from
  }
  if (first !== 115 || to - from < 7 || bytes[from + 5] !== 47 || text(bytes, from, from + 4) !== 'slot') return from
  return bytes[from + 4] >= 48 && bytes[from + 4] <= 57 ? from + 6 : from
}

/** Where the name of a program starts: FreeBSD's and Junos' kernel calls itself `/kernel`, by its path. */
export function behindSlash(bytes: Uint8Array, from: number, to: number): number {
  return bytes[from] === 47 && to - from === 7 && text(bytes, from, to) === '/kernel' ? from + 1 : from
}
