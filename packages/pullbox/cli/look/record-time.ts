import type { Client } from '../../client/index.ts'
import { readMicros } from '../../time/micros.ts'
import type { RecordTime } from '../time-range.ts'

/** The time of a record by its id, for `--since` and `--until`. */
export function recordTime(client: Pick<Client, 'explain'>): RecordTime {
  return async (id) => {
    const found = /^\d{1,16}$/.test(id) ? await client.explain(id) : null
    return found === null ? null : readMicros(String(found.record['_time']))
  }
}
