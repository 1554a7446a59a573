import { readLines } from './lines.ts'

/** One event of a stream (WHATWG HTML, server-sent events): fields that were not sent are empty. */
export interface ServerEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** Bytes of the lines of one event. */
const LARGEST_EVENT = 64 << 20

/** The events of a stream, each when its empty line has come; comments, by which a server shows that it lives, give nothing. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
  let event = ''
  let id = ''
  let data: string[] = []
  for await (const whole of readLines(chunks, undefined, LARGEST_EVENT)) {
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
    if (line === '') {
      if (data.length > 0) yield { event, id, data: data.join('\n') }
      event = ''
      id = ''
      data = []
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else if (name === 'id') id = value
  }
}
