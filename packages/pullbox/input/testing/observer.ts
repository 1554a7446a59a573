// An observer that writes one gap record for every number it sees, and one when none comes any more, for observer.test.ts.
import { KIND } from '@pullbox/log/record'
import type { BatchWriter } from '@pullbox/log/record'
import { Header } from '@pullbox/log/wire'

import type { SequenceObserver } from '../observer.ts'
import { OWN, SourceTable } from '../source-table.ts'
import type { SourceTableShared } from '../source-table.ts'

/** Says at each call of `settle` that it was called, once: after {@link PATIENCE} microseconds from the last number. */
const PATIENCE = 50_000

export function createSequenceObserver(options: { text: string; table: SourceTableShared }): SequenceObserver {
  const header = new Header()
  const own = Buffer.from(OWN)
  const table = SourceTable.open(options.table)
  let last = Number.NaN
  const write = (text: string, received: number, writer: BatchWriter) => {
    const gap = Buffer.from(text)
    header.messageEnd = gap.length
    writer.append(gap, 0, gap.length, header, writer.source(own), received, gap.length)
    writer.batch.kind[writer.batch.count - 1] = KIND.gap
  }
  return {
    sequence(source, bytes, seen, received, writer) {
      last = received
      const message = Buffer.from(bytes.subarray(seen.messageStart, seen.messageEnd)).toString()
      write(`${options.text} ${Buffer.from(table.key(source)).toString()} number ${seen.sequence} before ${message}`, received, writer)
    },
    due: (now) => now - last > PATIENCE,
    settle(now, writer) {
      last = Number.NaN
      write('settled', now, writer)
    },
    places: () => [{ text: options.text }],
  }
}
