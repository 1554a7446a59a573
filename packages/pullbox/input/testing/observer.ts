// An observer that writes one gap record for every number it sees, for observer.test.ts.
import { BatchWriter, KIND } from '@pullbox/log/record'
import { Header } from '@pullbox/log/wire'

import type { SequenceObserver } from '../observer.ts'
import { OWN } from '../source-table.ts'

export function createSequenceObserver(options: { text: string }): SequenceObserver {
  const header = new Header()
  const own = Buffer.from(OWN)
  return {
    sequence(source: number, bytes: Uint8Array, seen: Header, received: number, writer: BatchWriter) {
      const message = Buffer.from(bytes.subarray(seen.messageStart, seen.messageEnd)).toString()
      const gap = Buffer.from(`${options.text} source ${source} number ${seen.sequence} before ${message}`)
      header.messageEnd = gap.length
      writer.append(gap, 0, gap.length, header, writer.source(own), received, gap.length)
      writer.batch.kind[writer.batch.count - 1] = KIND.gap
    },
  }
}
