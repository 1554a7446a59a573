/** Where things lie in a store's directory; docs/formats/segment.md. */
export const SUFFIX = '.pbs'

export const placesOf = (path: string) => ({
  root: path,
  format: `${path}/format`,
  lock: `${path}/lock`,
  good: `${path}/good`,
  gone: `${path}/gone`,
  segments: `${path}/segments`,
  damaged: `${path}/damaged`,
})

export type Places = ReturnType<typeof placesOf>

/**
 * The file of the segment that begins with record `firstSeq`; `again` counts the files that were begun with the same number,
 * because the disk gave an error before anything in the one before was promised.
 */
export function segmentName(firstSeq: number, again = 0): string {
  return `${String(firstSeq).padStart(16, '0')}${again === 0 ? '' : `-${again}`}${SUFFIX}`
}

export interface SegmentName {
  readonly name: string
  readonly firstSeq: number
  readonly again: number
}

const NAME = /^(\d{16})(?:-([1-9]\d{0,5}))?\.pbs$/

/** What a file name says, or null when the file is none of ours. */
export function parseSegmentName(name: string): SegmentName | null {
  const m = NAME.exec(name)
  if (m === null) return null
  const firstSeq = Number(m[1])
  if (firstSeq < 1 || firstSeq > Number.MAX_SAFE_INTEGER) return null
  return { name, firstSeq, again: Number(m[2] ?? 0) }
}

/** The segments among the names, in write order. */
export function segmentsIn(names: readonly string[]): SegmentName[] {
  return names
    .map(parseSegmentName)
    .filter((s) => s !== null)
    .sort((a, b) => a.firstSeq - b.firstSeq || a.again - b.again)
}
