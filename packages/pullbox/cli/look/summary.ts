import { formatTime } from '@pullbox/log/record'

import type { Missing, MissingAnswer } from '../../client/index.ts'
import type { Frame } from '../../search/index.ts'

export type End = Extract<Frame, { type: 'end' }>

/** `1,204`. */
export function countText(n: number): string {
  return n.toLocaleString('en-US')
}

export function counted(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `0.2 of 8.4 GB`: both in the unit of the second. */
export function partText(part: number, whole: number): string {
  let unit = 0
  let size = 1
  while (whole / size >= 999.5 && unit < UNITS.length - 1) {
    size *= 1000
    unit++
  }
  const text = (n: number) => (unit === 0 ? String(n) : (n / size).toFixed(1))
  return `${text(part)} of ${text(whole)} ${UNITS[unit]}`
}

/** Reasons named one by one; what is beyond is counted. */
const NAMED = 4

/** Why an answer is not complete, in words; empty when it is. */
export function whyIncomplete(end: End | null, missing: MissingAnswer): string {
  const parts = missing.missing.slice(0, NAMED).map(missingText)
  if (missing.missing.length > NAMED) parts.push(`more from ${counted(missing.missing.length - NAMED, 'other source')}`)
  // Damage is told by the answer itself.
  if (missing.incomplete !== '' && end?.complete !== false) parts.push(`what is missing is not known: ${missing.incomplete}`)
  return [...parts, ...(end === null ? [] : reasonTexts(end.reasons))].join('; ')
}

/** `41 missing from sw1`. */
export function missingText({ source, host, listener, count, since, until }: Missing): string {
  const many = count === null ? 'an unknown number' : countText(count)
  if (listener !== '') return `${many} missing from listener ${listener} between ${formatTime(since)} and ${formatTime(until)}`
  return `${many} missing from ${host === '' ? source : host}`
}

/** Reasons of the same kind and text are told once. */
export function reasonTexts(reasons: End['reasons']): string[] {
  const lost = reasons.filter((r) => r.kind === 'unreadable')
  const others = [...new Set(reasons.filter((r) => r.kind !== 'unreadable').map((r) => r.text))]
  const parts: string[] = []
  if (lost.length > 0) {
    const records = lost.reduce((sum, r) => sum + (r.count ?? 0), 0)
    const many = records === 0 ? 'some records' : counted(records, 'record')
    const places = lost.slice(0, NAMED).map((r) => r.text)
    parts.push(`${many} cannot be read: ${places.join('; ')}${lost.length > NAMED ? `; and ${lost.length - NAMED} places more` : ''}`)
  }
  return [...parts, ...others.slice(0, NAMED), ...(others.length > NAMED ? [`and ${others.length - NAMED} reasons more`] : [])]
}

/** A word as it can be given back to a shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
