import { lowerAscii } from './lower.ts'

/** Words are runs of letters, digits and `_`, in all scripts; these functions find a phrase that is not cut out of a longer word. */

const WORD = /[\p{L}\p{Nd}_]/u

/** Is this code point part of a word? */
export function isWordCode(code: number): boolean {
  if (code < 128) return isWordByte(code)
  return WORD.test(String.fromCodePoint(code))
}

function isWordByte(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95
}

/** A phrase, read once. */
export interface Phrase {
  readonly text: string
  readonly bytes: Uint8Array
  /** It begins (ends) with a character of a word, so it must not follow (precede) another one. */
  readonly headed: boolean
  readonly tailed: boolean
}

/** `tail` false: what follows the phrase does not matter, as for a prefix. */
export function phraseOf(text: string, tail = true): Phrase {
  const last = text.length > 0 ? codeBefore(text, text.length) : 0
  return {
    text,
    bytes: Buffer.from(text, 'utf8'),
    headed: text.length > 0 && isWordCode(text.codePointAt(0)!),
    tailed: tail && text.length > 0 && isWordCode(last),
  }
}

function codeBefore(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1)
  return unit >= 0xdc00 && unit <= 0xdfff && at > 1 ? text.codePointAt(at - 2)! : unit
}

/** Where the phrase stands in `value` from `from` on; -1 when it does not. */
export function findPhrase(value: string, phrase: Phrase, from = 0): number {
  for (let at = value.indexOf(phrase.text, from); at >= 0; at = value.indexOf(phrase.text, at + 1)) {
    if (phrase.headed && at > 0 && isWordCode(codeBefore(value, at))) continue
    const end = at + phrase.text.length
    if (phrase.tailed && end < value.length && isWordCode(value.codePointAt(end)!)) continue
    return at
  }
  return -1
}

/** Where the phrase stands in the UTF-8 `bytes[from, end)` of a value that begins at `start`; -1 when it does not. */
export function findPhraseBytes(bytes: Buffer, start: number, end: number, phrase: Phrase, from = start): number {
  const { length } = phrase.bytes
  const part = bytes.subarray(0, end)
  for (let at = part.indexOf(phrase.bytes, from); at >= 0; at = part.indexOf(phrase.bytes, at + 1)) {
    if (phrase.headed && at > start && wordBefore(bytes, start, at)) continue
    if (phrase.tailed && at + length < end && wordAfter(bytes, at + length, end)) continue
    return at
  }
  return -1
}

function wordBefore(bytes: Buffer, start: number, at: number): boolean {
  if (bytes[at - 1]! < 128) return isWordByte(bytes[at - 1]!)
  const text = bytes.toString('utf8', Math.max(start, at - 4), at)
  return isWordCode(codeBefore(text, text.length))
}

function wordAfter(bytes: Buffer, at: number, end: number): boolean {
  if (bytes[at]! < 128) return isWordByte(bytes[at]!)
  return isWordCode(bytes.toString('utf8', at, Math.min(end, at + 4)).codePointAt(0)!)
}

/** The text's bytes as a literal that each match holds, in any case or as it is; null when bytes that are not UTF-8 could read as part of it. */
export function literalOf(text: string, anyCase = false): { bytes: Uint8Array; anyCase: boolean } | null {
  if (text === '' || text.includes('\ufffd')) return null
  return { bytes: anyCase ? lowerAscii(text) : Buffer.from(text, 'utf8'), anyCase }
}

/** The longest run of ASCII in a text; '' when there is none. */
export function asciiRun(text: string): string {
  return text.split(/[^\0-\x7f]+/u).reduce((best, run) => (run.length > best.length ? run : best), '')
}
