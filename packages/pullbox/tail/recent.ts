import type { BlockRef, BlockRows, Need, RowSource, Unreadable } from '@pullbox/store/query'
import { isUnreadable } from '@pullbox/store/query'

/** Blocks that are kept: a few are enough for tails that all stand at the end. */
const KEPT = 4

/** Reads blocks, and keeps the last few, so that many tails at the same place decode each block once. */
export class RecentBlocks implements Pick<RowSource, 'read'> {
  private readonly source: RowSource
  private readonly kept = new Map<string, BlockRows>()

  constructor(source: RowSource) {
    this.source = source
  }

  async read(ref: BlockRef, need: Need): Promise<BlockRows | Unreadable> {
    const key = JSON.stringify(ref.id)
    const known = this.kept.get(key)
    if (known !== undefined) return known
    const rows = await this.source.read(ref, need)
    if (isUnreadable(rows)) return rows
    this.kept.set(key, rows)
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value as string)
    return rows
  }
}
