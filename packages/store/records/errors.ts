import { CodedError } from '@pullbox/log/errors'

import { codeOf } from './disk.ts'

export const storeClosed = (path: string) => new CodedError('STORE_CLOSED', 'the store is closed', { at: path })

/** What an error of the disk means to whoever appended. */
export function writeError(error: unknown, path: string): CodedError {
  if (error instanceof CodedError) return error
  const message = error instanceof Error ? error.message : String(error)
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new CodedError('STORE_DISK_FULL', `no room left for records: ${message}`, {
        at: path,
        hint: 'make room or lower store.options.retention; appends work again as soon as there is room',
        cause: error,
      })
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new CodedError('STORE_READ_ONLY', `the store can't be written: ${message}`, {
        at: path,
        hint: 'check the mount and the owner of the directory',
        cause: error,
      })
    default:
      return new CodedError('STORE_WRITE_FAILED', `writing records failed: ${message}`, {
        at: path,
        hint: 'check the device (dmesg); nothing of this append is promised',
        cause: error,
      })
  }
}

export function isFull(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

export function badBlock(why: string): CodedError {
  return new CodedError('STORE_BAD_BLOCK', `not a block of records: ${why}`, { hint: 'append what encodeBlock gave, whole' })
}
