import assert from 'node:assert/strict'

import type { RecordsStore, SegmentsStore } from '@pullbox/store/records'
import { openSegments, SegmentsReader } from '@pullbox/store/records'
import { SampleBlocks } from '@pullbox/store/records/suite'

import type { Faults } from './disk.ts'
import { NO_FAULTS, SimDisk } from './disk.ts'
import { Random } from './random.ts'

const PATH = '/var/lib/store'
const blocks = new SampleBlocks({ records: 64, arenaBytes: 1 << 16 })

/** What one life came to; added up over all seeds to see that the test met what it is about. */
export interface Tally {
  lives: number
  promised: number
  failed: number
  unpromisedKept: number
  torn: number
  retained: number
  segments: number
  catalogues: number
  spoilt: number
}

export const newTally = (): Tally => ({
  lives: 0,
  promised: 0,
  failed: 0,
  unpromisedKept: 0,
  torn: 0,
  retained: 0,
  segments: 0,
  catalogues: 0,
  spoilt: 0,
})

/** A store on a bad disk through several power cuts, beside a model of what was promised. */
export class Life {
  private readonly random: Random
  private readonly disk: SimDisk
  private readonly tally: Tally
  /** Every text that was ever given to an append, with the block it was in. */
  private readonly given = new Map<string, number>()
  private readonly blockSizes: number[] = []
  /** Records that must be there: promised, or seen after a restart. */
  private known = new Map<number, string>()
  private retained = false
  /** Records that retention may have taken. */
  private removed = 0
  private nextText = 0
  /** The account as its owner has it. */
  private account = { count: 0, through: 0 }

  constructor(seed: number, tally: Tally) {
    this.random = new Random(seed)
    this.disk = new SimDisk(this.random)
    this.tally = tally
  }

  async run(): Promise<void> {
    const rounds = 2 + this.random.below(3)
    for (let i = 0; i < rounds; i++) {
      this.disk.reboot(this.someFaults())
      await this.live()
      this.disk.cut()
      this.disk.reboot(NO_FAULTS)
      this.spoilCatalogue()
      this.checkCatalogues()
      const store = await this.open()
      try {
        this.check(store)
        await this.checkSource(store)
      } finally {
        await store.close()
      }
      this.tally.lives++
    }
  }

  /** Sometimes a catalogue is torn, changed, another segment's or gone. */
  private spoilCatalogue(): void {
    const names = this.catalogues()
    if (names.length === 0 || !this.random.chance(0.5)) return
    const path = names[this.random.below(names.length)]
    const bytes = this.disk.contents(path).slice()
    const kind = this.random.below(4)
    if (kind === 0) this.disk.erase(path)
    else if (kind === 1) this.disk.place(path, bytes.subarray(0, this.random.below(bytes.length + 1)))
    else if (kind === 2) this.disk.place(path, this.disk.contents(names[this.random.below(names.length)]))
    else {
      if (bytes.length > 0) bytes[this.random.below(bytes.length)] ^= 1 + this.random.below(255)
      this.disk.place(path, bytes)
    }
    this.tally.spoilt++
  }

  private catalogues(): string[] {
    if (!this.disk.exists(`${PATH}/segments`)) return []
    const names = this.disk.list(`${PATH}/segments`).filter((name) => name.endsWith('.pbc'))
    return names.sort().map((name) => `${PATH}/segments/${name}`)
  }

  /** Whatever became of the catalogues, they say what the segments say. */
  private checkCatalogues(): void {
    if (!this.disk.exists(`${PATH}/segments`)) return
    const told = [true, false].map((catalogues) => {
      const reader = new SegmentsReader({ path: PATH, disk: this.disk, catalogues })
      const blocksOf = reader.catalogues.map((c) => Array.from({ length: c.blocks }, (_, i) => [c.offset[i], c.count[i], c.firstSeq(i)]))
      this.tally.catalogues += reader.catalogues.filter((c) => c.filed).length
      return { stats: reader.stats(), damages: reader.damages(), blocksOf }
    })
    assert.deepEqual(told[0], told[1])
  }

  private someFaults(): Faults {
    const r = this.random
    const kind = r.below(5)
    return {
      shortWrite: r.chance(0.3) ? 0.2 : 0,
      full: kind === 1 ? 0.15 : 0,
      writeError: kind === 2 ? 0.1 : 0,
      syncError: kind === 3 ? 0.15 : 0,
      capacity: kind === 4 ? 6000 + r.below(30_000) : Number.POSITIVE_INFINITY,
      crashAt: r.chance(0.8) ? 1 + r.below(r.chance(0.5) ? 25 : 120) : Number.POSITIVE_INFINITY,
    }
  }

  private open(): Promise<SegmentsStore> {
    return openSegments({
      path: PATH,
      disk: this.disk,
      segmentBytes: 4096 + this.random.below(8192),
      groupBytes: 2048,
      now: () => 1_000_000,
      randomEpoch: () => 1 + this.random.below(0xffffffff),
      checkpoint: () => ({ payload: Buffer.from(JSON.stringify(this.account)), through: this.account.through }),
    })
  }

  /** Uses the store until the power goes, or for a while. */
  private async live(): Promise<void> {
    let store: SegmentsStore
    try {
      store = await this.open()
    } catch {
      return
    }
    if (this.disk.off) return
    this.resume(store)
    const turns = 1 + this.random.below(12)
    for (let i = 0; i < turns && !this.disk.off; i++) {
      const many = Array.from({ length: 1 + this.random.below(4) }, () => this.append(store))
      await Promise.all(many)
      if (this.random.chance(0.1) && !this.disk.off) await this.retain(store)
    }
    if (this.random.chance(0.3)) await store.close().catch(() => {})
  }

  private resume(store: RecordsStore): void {
    const snapshot = store.ledgerSnapshot()
    this.account = { count: countOf(snapshot), through: store.stats().lastSeq }
  }

  private async append(store: RecordsStore): Promise<void> {
    const texts: string[][] = Array.from({ length: 1 + this.random.below(3) }, () =>
      Array.from({ length: this.random.below(6) }, () => this.text()),
    )
    const made = texts.map((t) => blocks.block(t.map((bytes) => ({ bytes, time: this.random.below(1000) }))))
    for (const t of texts) {
      for (const text of t) this.given.set(text, this.blockSizes.length)
      this.blockSizes.push(t.length)
    }
    try {
      const { firstSeq, lastSeq } = await store.append(made)
      const all = texts.flat()
      assert.equal(lastSeq - firstSeq + 1, all.length)
      all.forEach((text, i) => this.known.set(firstSeq + i, text))
      this.account = { count: this.account.count + all.length, through: Math.max(this.account.through, lastSeq) }
      this.tally.promised += all.length
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('STORE_') !== true) throw error
      this.tally.failed++
    }
  }

  private text(): string {
    return `${this.nextText++}:${'x'.repeat(this.random.below(this.random.chance(0.1) ? 900 : 60))}`
  }

  private async retain(store: RecordsStore): Promise<void> {
    this.retained = true
    await store.retain({ bytes: this.random.below(30_000), now: 1_000_000 }).catch(() => {})
  }

  /** After a restart: all that was promised is there, as it was, once, in order; all else is whole or absent. */
  private check(store: SegmentsStore): void {
    const found = readAll(store)
    const { firstSeq } = store.stats()
    for (const [seq, text] of this.known) {
      if (seq < firstSeq && this.retained) this.removed++
      else assert.equal(found.get(seq), text, `record ${seq} was promised`)
    }
    assert.equal(new Set(found.values()).size, found.size, 'a record is there twice')
    const perBlock = new Map<number, number>()
    for (const [seq, text] of found) {
      const block = this.given.get(text)
      assert.ok(block !== undefined, `record ${seq} was never given`)
      perBlock.set(block, (perBlock.get(block) ?? 0) + 1)
      if (!this.known.has(seq)) this.tally.unpromisedKept++
    }
    for (const [block, n] of perBlock) assert.equal(n, this.blockSizes[block], 'a block is there in part')
    this.tally.torn += store.torn.length
    assert.deepEqual(store.damages().slice(store.torn.length), [], 'a power cut alone damages nothing that was promised')
    this.tally.segments += store.stats().segments
    this.tally.retained += this.retained ? 1 : 0
    this.known = found
    assert.equal(countOf(store.ledgerSnapshot()), this.removed + found.size, 'the account does not agree with the records')
    for (const seq of [...found.keys()].slice(0, 3)) assert.ok(store.get(seq) !== null)
  }

  /** A query sees the same records as the cursor. */
  private async checkSource(store: SegmentsStore): Promise<void> {
    const need = { fields: null, requirements: { always: true } } as const
    const plan = await store.source().plan({ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }, need)
    const seen = new Map<number, string>()
    for (const ref of plan.blocks) {
      const rows = await store.source().read(ref, need)
      assert.ok(!('unreadable' in rows), 'a block that was accepted can be read')
      const message = rows.column('_msg')
      for (let i = 0; i < rows.count; i++) seen.set(Number(rows.id(i)), message?.text(i) ?? '')
    }
    assert.deepEqual(seen, this.known)
  }
}

function countOf(snapshot: ReturnType<RecordsStore['ledgerSnapshot']>): number {
  const base = snapshot.base === null ? 0 : (JSON.parse(Buffer.from(snapshot.base).toString()) as { count: number }).count
  let count = base
  for (const n of snapshot.since.values()) count += n
  return count
}

/** All records by number, read by the cursor in small steps. */
export function readAll(store: RecordsStore): Map<number, string> {
  const found = new Map<number, string>()
  for (let cursor = 0; ;) {
    const { blocks: some, next } = store.after(cursor, 7)
    let last = cursor
    for (const b of some) {
      for (let i = b.from; i < b.to; i++) {
        const seq = b.header.firstSeq + i
        assert.ok(seq > last, 'numbers grow')
        last = seq
        found.set(seq, Buffer.from(b.rows.bytes(i)).toString())
      }
    }
    if (next === cursor) return found
    cursor = next
  }
}
