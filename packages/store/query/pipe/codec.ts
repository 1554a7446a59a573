import type { Chunk, ChunkColumn } from './chunk.ts'

/** What stands before the buffers of a chunk in a temporary file. Lengths in bytes. */
interface Head {
  readonly count: number
  readonly timeIsField: boolean
  readonly ordered: boolean
  readonly names: readonly string[]
  readonly ids: ColumnHead | null
  readonly columns: readonly ColumnHead[]
}

interface ColumnHead {
  /** Length of the text; -1 = a dictionary. */
  readonly text: number
  readonly values?: readonly string[]
  /** Bytes of one id. */
  readonly width?: 1 | 2 | 4
}

/** The chunk as bytes, for temporary files of one process only: no format that lasts. Lone surrogates become U+FFFD. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  const parts: Uint8Array[] = []
  const put = (array: ArrayBufferView): void => void parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  put(chunk.time)
  put(chunk.order)
  const column = (one: ChunkColumn): ColumnHead => {
    if (one.kind === 'dictionary') {
      put(one.ids)
      return { text: -1, values: one.values, width: one.ids.BYTES_PER_ELEMENT as 1 | 2 | 4 }
    }
    const text = Buffer.from(one.text)
    put(one.ends)
    put(text)
    return { text: text.length }
  }
  const columns = chunk.columns.map(column)
  const ids = chunk.ids === null ? null : column(chunk.ids)
  const head: Head = {
    count: chunk.count,
    timeIsField: chunk.timeIsField,
    ordered: chunk.order.length > 0,
    names: chunk.names,
    ids,
    columns,
  }
  const headBytes = Buffer.from(JSON.stringify(head))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(headBytes.length)
  return Buffer.concat([size, headBytes, ...parts])
}

/** The chunk that `encodeChunk` wrote. */
export function decodeChunk(bytes: Uint8Array): Chunk {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headLength = buffer.readUInt32LE(0)
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + headLength)) as Head
  let at = 4 + headLength
  const take = (length: number): ArrayBuffer => {
    const copy = new Uint8Array(length)
    copy.set(buffer.subarray(at, at + length))
    at += length
    return copy.buffer
  }
  const { count } = head
  const time = new Float64Array(take(count * 8))
  const order = new Float64Array(take(head.ordered ? count * 8 : 0))
  const column = (one: ColumnHead): ChunkColumn => {
    if (one.text < 0) {
      const ids = take(count * one.width!)
      return {
        kind: 'dictionary',
        values: one.values!,
        ids: one.width === 1 ? new Uint8Array(ids) : one.width === 2 ? new Uint16Array(ids) : new Uint32Array(ids),
      }
    }
    const ends = new Uint32Array(take(count * 4))
    const text = buffer.toString('utf8', at, at + one.text)
    at += one.text
    return { kind: 'text', text, ends }
  }
  const columns = head.columns.map(column)
  const ids = head.ids === null ? null : column(head.ids)
  return { count, time, timeIsField: head.timeIsField, order, ids, names: head.names, columns }
}
