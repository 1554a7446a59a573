/**
 * A zone is bytes; JavaScript wants a string. UTF-8 is decoded; a byte that is not part of UTF-8 becomes the lone
 * surrogate U+DC00 + byte and comes back as that byte, so that nothing is lost and two zones never become one.
 */
export function decodeZone(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  let i = start
  while (i < end) {
    const length = sequenceAt(bytes, i, end)
    if (length === 1) text += String.fromCharCode(bytes[i]!)
    else if (length === 0) text += String.fromCharCode(0xdc00 + bytes[i]!)
    else text += String.fromCodePoint(codePoint(bytes, i, length))
    i += length === 0 ? 1 : length
  }
  return text
}

/** The bytes of a text in which lone surrogates U+DC80 to U+DCFF stand for bytes; another lone surrogate gives undefined. */
export function encodeText(text: string): Uint8Array | undefined {
  if (text.isWellFormed()) return new TextEncoder().encode(text)
  const bytes: number[] = []
  const encoder = new TextEncoder()
  for (const character of text) {
    const point = character.codePointAt(0)!
    if (point >= 0xdc80 && point <= 0xdcff) bytes.push(point - 0xdc00)
    else if (point >= 0xd800 && point <= 0xdfff) return undefined
    else for (const byte of encoder.encode(character)) bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

/** Order of two zones by their bytes: negative, 0 or positive. */
export function compareZones(a: string, b: string): number {
  if (a === b) return 0
  const left = encodeText(a) ?? new Uint8Array(0)
  const right = encodeText(b) ?? new Uint8Array(0)
  const shared = Math.min(left.length, right.length)
  for (let i = 0; i < shared; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!
  }
  return left.length - right.length
}

/** Bytes of the UTF-8 sequence at `i` (RFC 3629 4), 0 when none starts there. */
function sequenceAt(bytes: Uint8Array, i: number, end: number): number {
  const c = bytes[i]!
  if (c < 0x80) return 1
  const length = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0
  if (length === 0 || i + length > end) return 0
  const second = bytes[i + 1]!
  const low = c === 0xe0 ? 0xa0 : c === 0xf0 ? 0x90 : 0x80
  const high = c === 0xed ? 0x9f : c === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let k = 2; k < length; k++) {
    if ((bytes[i + k]! & 0xc0) !== 0x80) return 0
  }
  return length
}

function codePoint(bytes: Uint8Array, i: number, length: number): number {
  let point = bytes[i]! & (0xff >> (length + 1))
  for (let k = 1; k < length; k++) point = (point << 6) | (bytes[i + k]! & 0x3f)
  return point
}
