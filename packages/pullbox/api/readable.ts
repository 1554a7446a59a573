import { CodedError } from '@pullbox/log/errors'
import type { RecordsReader } from '@pullbox/store/records'

import type { Search } from '../search/index.ts'
import type { Tail } from '../tail/index.ts'

/** What reads the records, each null where the store is one that only its own thread can read. */
export interface Readable {
  readonly search: Search | null
  readonly tail: Tail | null
  readonly records: { readonly reader: RecordsReader; readonly bound: () => number } | null
}

/** @throws HTTP_NOT_READABLE when there is none */
export function readable<T>(part: T | null | undefined, type: string): T {
  if (part !== null && part !== undefined) return part
  throw new CodedError('HTTP_NOT_READABLE', `records in a store of type ${type} cannot be searched, followed or shown while it runs`, {
    at: 'store.type',
    hint: 'use the store segments; counts are told here whatever the store',
  })
}
