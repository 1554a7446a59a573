/** Bits in the trigram filter of one block (2^17: 16 KiB). */
export const TRIGRAM_BITS = 1 << 17
/** Bits in the address filter of one block (2^15: 4 KiB). */
export const TOKEN_BITS = 1 << 15

const LOWER = Uint8Array.from({ length: 256 }, (_, i) => (i >= 65 && i <= 90 ? i + 32 : i))

/** Bit of three lower-cased bytes packed as c << 24 | b << 16 | a << 8, as a little-endian load gives them. */
const trigramBit = (packed: number) => Math.imul(packed, 0x9e3779b1) >>> 15

/**
 * Sets the bit of every trigram of lower-cased ASCII in `bytes[0 .. length]`; trigrams that cross a record's end are set too,
 * which only costs precision. A literal of three bytes or more can stand in the bytes only where all its bits are set.
 */
export function addTrigrams(bytes: Uint8Array, length: number, bits: Uint8Array): void {
  if (length < 3) return
  let packed = (LOWER[bytes[0]] << 16) | (LOWER[bytes[1]] << 24)
  for (let i = 2; i < length; i++) {
    packed = ((packed >>> 8) & 0xffff00) | (LOWER[bytes[i]] << 24)
    const bit = Math.imul(packed, 0x9e3779b1) >>> 15
    bits[bit >> 3] |= 1 << (bit & 7)
  }
}

/** False when the literal (any case; bytes) certainly stands nowhere in what {@link addTrigrams} saw. */
export function hasTrigrams(bits: Uint8Array, literal: Uint8Array): boolean {
  for (let i = 2; i < literal.length; i++) {
    const bit = trigramBit((LOWER[literal[i - 2]] << 8) | (LOWER[literal[i - 1]] << 16) | (LOWER[literal[i]] << 24))
    if ((bits[bit >> 3] & (1 << (bit & 7))) === 0) return false
  }
  return true
}

const DOT = 46
const isDigit = (c: number) => c >= 48 && c <= 57

/**
 * Sets bits for each four numbers joined by dots (`10.0.0.7`, every window of four where there are more): what a search for an
 * IPv4 address can match. Trigrams alone open every block for an address, because digits are everywhere. Bytes on both sides of a
 * place in `cuts` (ascending, the first 0, the last the length) belong to different texts, and no number reaches across.
 */
export function addAddresses(bytes: Uint8Array, cuts: Uint32Array, bits: Uint8Array): void {
  for (let i = 1; i < cuts.length; i++) addPiece(bytes, cuts[i - 1], cuts[i], bits)
}

function addPiece(bytes: Uint8Array, from: number, to: number, bits: Uint8Array): void {
  for (let dot = from + 1; dot + 1 < to; dot++) {
    if (bytes[dot] !== DOT || !isDigit(bytes[dot - 1]) || !isDigit(bytes[dot + 1])) continue
    let start = dot
    while (start > from && isDigit(bytes[start - 1])) start--
    dot = addDotted(bytes, start, to, bits)
  }
}

function addDotted(bytes: Uint8Array, start: number, to: number, bits: Uint8Array): number {
  const starts = [start, 0, 0, 0]
  let numbers = 1
  let at = start
  for (;;) {
    while (at < to && isDigit(bytes[at])) at++
    if (numbers === 4) setAddress(bits, bytes, starts[0], at)
    if (at + 1 >= to || bytes[at] !== DOT || !isDigit(bytes[at + 1])) return at
    at++
    if (numbers === 4) starts.shift()
    else numbers++
    starts[numbers - 1] = at
  }
}

/** Three bits for each address: of a block with 5,000 different ones, an absent address opens one in twenty. */
const FACTORS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35]

function setAddress(bits: Uint8Array, bytes: Uint8Array, start: number, end: number): void {
  const hash = addressHash(bytes, start, end)
  for (const factor of FACTORS) {
    const bit = Math.imul(hash, factor) >>> 17
    bits[bit >> 3] |= 1 << (bit & 7)
  }
}

/** FNV-1a, 32 bits. */
function addressHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
  return hash
}

/** False when these four numbers joined by dots certainly stand nowhere in what {@link addAddresses} saw, without a digit before or after them. */
export function hasAddress(bits: Uint8Array, address: Uint8Array): boolean {
  const hash = addressHash(address, 0, address.length)
  return FACTORS.every((factor) => {
    const bit = Math.imul(hash, factor) >>> 17
    return (bits[bit >> 3] & (1 << (bit & 7))) !== 0
  })
}
