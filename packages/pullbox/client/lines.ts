const LINE_FEED = 10

/** Bytes of one line that are held at most; a frame of rows is far smaller. */
export const LONGEST_LINE = 256 << 20

/** A line was longer than {@link LONGEST_LINE}. */
export class LineTooLong extends Error {
  constructor(limit: number) {
    super(`a line is longer than ${limit} bytes`)
    this.name = 'LineTooLong'
  }
}

/**
 * The lines of a stream of bytes, without their line feeds, as soon as each is whole; one line is held at a time, and nothing is read
 * ahead of the consumer. What stands after the last line feed is no line: `rest` is told how many bytes that were.
 * @throws LineTooLong
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  rest: (bytes: number) => void = () => {},
  limit = LONGEST_LINE,
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      const piece = chunk.subarray(from, to)
      if (size + piece.length > limit) throw new LineTooLong(limit)
      yield parts.length === 0 ? text(piece) : text(Buffer.concat([...parts, piece]))
      parts = []
      size = 0
      from = to + 1
    }
    if (from === chunk.length) continue
    parts.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > limit) throw new LineTooLong(limit)
  }
  rest(size)
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
