// The module that query workers load (SourceDescriptor of the query engine).
import type { RowSource, SourceDescriptor } from '../../query/engine/source.ts'
import { SegmentsReader } from './reader.ts'

export interface SegmentsSourceOptions {
  readonly path: string
  /** The last record number that may be shown. */
  readonly bound?: number
}

/** Opens the store at the path for reading, beside whoever writes it. */
export async function openSource(options: unknown): Promise<RowSource> {
  const given = options as SegmentsSourceOptions
  const reader = new SegmentsReader(given)
  return reader.source()
}

/** How a worker thread opens this store. */
export function describeSource(options: SegmentsSourceOptions): SourceDescriptor {
  return { module: import.meta.url, options }
}
