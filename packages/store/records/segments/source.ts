// The module that query workers load (SourceDescriptor of the query engine).
import type { RowSource, SourceDescriptor } from '../../query/engine/source.ts'
import { nodeDisk } from '../disk-node.ts'
import { placesOf } from './names.ts'
import { SegmentsReader } from './reader.ts'
import { storePath } from './store.ts'
import { SegmentsView } from './view.ts'

export interface SegmentsSourceOptions {
  readonly path: string
  /** The last record number that a plan may show; blocks of another source's plan are read whatever it is. */
  readonly bound?: number
}

/**
 * Opens the store at the path for reading, beside whoever writes it. Blocks of a plan that another source of the store made are
 * read straight from their files; the catalogue is read only when `plan` is asked, and brought up to date each time.
 */
export async function openSource(options: unknown): Promise<RowSource> {
  const given = options as SegmentsSourceOptions
  const view = new SegmentsView(nodeDisk, placesOf(storePath(given.path)))
  let reader: SegmentsReader | null = null
  return {
    plan: (range, need) => {
      if (reader === null) reader = new SegmentsReader({ ...given, catalogues: true })
      else reader.refresh()
      return reader.source().plan(range, need)
    },
    read: (ref) => view.read(ref),
    valueCounts: (ref, field) => (reader?.source() ?? view).valueCounts!(ref, field),
    close: async () => {
      await view.close()
      await reader?.close()
    },
  }
}

/** How a worker thread opens this store. */
export function describeSource(options: SegmentsSourceOptions): SourceDescriptor {
  return { module: import.meta.url, options }
}
