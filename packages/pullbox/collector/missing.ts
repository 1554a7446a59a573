import { Header, parseHeader, readStructuredData, zone } from '@pullbox/log/wire'

/** What a gap record says is missing, and of which source; null for a gap of unknown size or a record of another kind. */
export function missingIn(bytes: Uint8Array): { source: string; count: number } | null {
  const header = new Header()
  parseHeader(bytes, 0, bytes.length, { received: 0, zone: zone('UTC') }, header)
  if (header.dataEnd <= header.dataStart) return null
  for (const element of readStructuredData(bytes, header.dataStart, header.dataEnd)) {
    if (element.id !== 'gap') continue
    const values = new Map(element.params)
    const count = Number(values.get('missing'))
    const source = values.get('source')
    if (source !== undefined && Number.isSafeInteger(count) && count > 0) return { source, count }
  }
  return null
}
