const TABLE = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/** Writes `source` with ASCII capitals in lower case to the start of `target`, which must be as long. */
export function lowerBytes(source: Uint8Array, target: Uint8Array): void {
  for (let i = 0; i < source.length; i++) target[i] = TABLE[source[i]!]!
}

/** UTF-8 of a text with ASCII capitals in lower case. */
export function lowerAscii(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8')
  lowerBytes(bytes, bytes)
  return bytes
}

/**
 * A text in lower case, for comparing in any case. The two letters beyond ASCII whose lower case would be ASCII (the Kelvin sign and the dotted capital I)
 * stay as they are, so that ASCII letters are found in a lower-cased copy of bytes. The two small sigmas are one letter.
 */
export function lowerText(text: string): string {
  const lower = /[\u0130\u212a]/u.test(text) ? text.replaceAll(/[^\u0130\u212a]+/gu, (part) => part.toLowerCase()) : text.toLowerCase()
  return lower.includes('ς') ? lower.replaceAll('ς', 'σ') : lower
}
