import { z } from 'zod'

import type { Registry } from '@pullbox/store'
import { createRegistry } from '@pullbox/store'
import type { SourceDescriptor } from '@pullbox/store/query'
import type { Checkpoint, RecordsStore } from '@pullbox/store/records'
import { describeSource, MemoryStore, openSegments, SegmentsReader } from '@pullbox/store/records'

import type { Lookup } from '../search/index.ts'

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

/** Reads records beside whoever writes them. Takes no lock and changes nothing. */
export interface RecordsReader
  extends Pick<Lookup, 'place'>, Pick<RecordsStore, 'get' | 'after' | 'stats' | 'damages' | 'ledgerSnapshot' | 'close'> {
  /** Takes in what was written and deleted since. */
  refresh(): void
}

/** Opens these records for reading only; null when only the thread that owns them can read them. */
export function recordsReader(type: string, options: Record<string, unknown>): RecordsReader | null {
  if (type !== 'segments') return null
  const reader = new SegmentsReader({ path: String(options.path) })
  const place = (seq: number) => {
    const c = reader.catalogues.findLast((one) => one.segment.firstSeq <= seq)
    const i = c?.find(seq)
    if (c === undefined || i === undefined || i >= c.blocks || c.firstSeq(i) > seq) return null
    return { segment: c.segment.name, from: c.offset[i], to: c.offset[i] + c.length[i] }
  }
  return Object.assign(reader, { place })
}
