import type { BlockReader } from '@pullbox/log/record'

/** False when no record of the block can meet what a filter requires. */
export function mayHold(_requirements: unknown, _reader: BlockReader): boolean {
  return true
}
