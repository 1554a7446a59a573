/** The list that a JSON text is; null when it is none. */
export function jsonList(text: string): unknown[] | null {
  if (!/^\s*\[/.test(text)) return null
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** A JSON value as the text of a field: texts as they are, all else as JSON. Empty for one that nests too deeply to be printed. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}
