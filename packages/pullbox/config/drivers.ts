import { z } from 'zod'

import type { Registry } from '@pullbox/store'
import { createRegistry } from '@pullbox/store'
import type { SourceDescriptor } from '@pullbox/store/query'
import type { Checkpoint, RecordsReader, RecordsStore } from '@pullbox/store/records'
import { describeSource, MemoryStore, openSegments, SegmentsReader } from '@pullbox/store/records'

// The only place where names in a configuration become drivers; everything else gets what a driver opened.

/** What a driver of records is given beside its options. */
export interface RecordsContext {
  /** The account of the sources at this moment; see RecordsStore. */
  readonly checkpoint?: () => Checkpoint | null
}

/** The drivers of records that come with Pullbox. Third parties' are named by module path or package. */
export function recordsDrivers(): Registry<RecordsStore, RecordsContext> {
  const registry = createRegistry<RecordsStore, RecordsContext>('records')
  registry.register({
    kind: 'records',
    name: 'segments',
    options: z.strictObject({
      path: z.string().min(1),
      segment_bytes: z
        .number()
        .int()
        .min(4096)
        .max(2 ** 30)
        .optional(),
    }),
    open: (options, context) =>
      openSegments({
        path: options.path,
        ...(options.segment_bytes === undefined ? {} : { segmentBytes: options.segment_bytes }),
        ...(context.checkpoint === undefined ? {} : { checkpoint: context.checkpoint }),
      }),
  })
  registry.register({
    kind: 'records',
    name: 'memory',
    options: z.strictObject({ bytes: z.number().int().positive().optional() }),
    open: (options) => new MemoryStore(options.bytes === undefined ? {} : { bytes: options.bytes }),
  })
  return registry
}

/** Opens the records that a configuration names. */
export function openRecords(type: string, options: Record<string, unknown>, context: RecordsContext): Promise<RecordsStore> {
  return recordsDrivers().open(type, options, context)
}

/** How query workers open these records by themselves; null when only the thread that owns them can read them. */
export function recordsSource(type: string, options: Record<string, unknown>): SourceDescriptor | null {
  return type === 'segments' ? describeSource({ path: String(options.path) }) : null
}

export type { RecordsReader } from '@pullbox/store/records'

/**
 * Opens these records for reading beside whoever writes them, up to the record `bound` where it is given; null when only the thread that
 * owns them can read them.
 */
export function recordsReader(type: string, options: Record<string, unknown>, bound?: number): RecordsReader | null {
  if (type !== 'segments') return null
  return new SegmentsReader({ path: String(options.path), ...(bound === undefined ? {} : { bound }) })
}
