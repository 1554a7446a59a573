import type { BlockRef, BlockRows, Need, RowSource, Unreadable } from '@pullbox/store/query'
import { isUnreadable } from '@pullbox/store/query'

/** Blocks that are kept: a few are enough for tails that all stand at the end. */
const KEPT = 4

interface Kept {
  readonly rows: BlockRows
  /** Tails that look at it now. */
  users: number
  /** Nobody will be given it any more. */
  old: boolean
}

/**
 * Reads blocks, and keeps the last few, so that many tails at the same place decode each block once. Each reading is to be ended by
 * one `release` of the rows; the memory goes back when the last reader of a block that is kept no longer has done so.
 */
export class RecentBlocks implements Pick<RowSource, 'read'> {
  private readonly source: RowSource
  private readonly kept = new Map<string, Kept>()

  constructor(source: RowSource) {
    this.source = source
  }

  async read(ref: BlockRef, need: Need): Promise<BlockRows | Unreadable> {
    const key = JSON.stringify(ref.id)
    const known = this.kept.get(key)
    if (known !== undefined) {
      known.users++
      return known.rows
    }
    const rows = await this.source.read(ref, need)
    if (isUnreadable(rows) || this.kept.has(key)) return rows
    this.kept.set(key, shared(rows))
    if (this.kept.size > KEPT) this.forget()
    return rows
  }

  /** Lets the oldest go. */
  private forget(): void {
    const [key, kept] = this.kept.entries().next().value as [string, Kept]
    this.kept.delete(key)
    kept.old = true
    kept.users++
    kept.rows.release?.()
  }
}

/** Rows whose `release` counts. They have one user: who read them. */
function shared(rows: BlockRows): Kept {
  const kept: Kept = { rows, users: 1, old: false }
  const release = rows.release?.bind(rows)
  rows.release = () => {
    kept.users--
    if (kept.old && kept.users === 0) release?.()
  }
  return kept
}
