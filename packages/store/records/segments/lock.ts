import { CodedError } from '@pullbox/log/errors'

import type { Disk, DiskLock } from '../disk.ts'
import { codeOf } from '../disk.ts'
import type { Places } from './names.ts'

/** Holds the store for this process; the system drops the hold when the process ends. Throws STORE_LOCKED. */
export function lockStore(disk: Disk, places: Places): DiskLock {
  try {
    return disk.lock(places.lock)
  } catch (error) {
    if (codeOf(error) !== 'EBUSY') throw error
    throw new CodedError('STORE_LOCKED', 'another process writes to this store', {
      at: places.root,
      hint: 'one collector at a time: stop the other one, or give this one a store.options.path of its own',
      cause: error,
    })
  }
}
