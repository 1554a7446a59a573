const ASCII = /^[\x20-\x7e]*$/
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u
// East Asian wide and fullwidth, and emoji that are shown as pictures.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

/** Columns that a text without control characters takes on a terminal. */
export function width(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const c of text) columns += ZERO.test(c) ? 0 : WIDE.test(c) ? 2 : 1
  return columns
}

/** The text filled with spaces to `columns`, at its end or, for numbers, at its beginning. */
export function pad(text: string, columns: number, right = false): string {
  const space = ' '.repeat(Math.max(0, columns - width(text)))
  return right ? space + text : text + space
}

/** At most that many columns; what was cut is replaced by an ellipsis. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let out = ''
  let used = 0
  for (const c of text) {
    const w = width(c)
    if (used + w > columns - 1) break
    out += c
    used += w
  }
  return `${out}\u2026`
}
