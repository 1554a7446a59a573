import type { BlockHeader, Section } from '@pullbox/log/record'
import { BLOCK_KIND, CODEC, SECTION } from '@pullbox/log/record'
import type { Damage, PlacedBlock, SegmentsReader } from '@pullbox/store/records'
import { listBlocks } from '@pullbox/store/records'

import type { Given } from '../../arguments.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit.ts'
import { hostile } from '../../output/hostile.ts'
import { writeJson } from '../../output/json.ts'
import { writeTable } from '../../output/table.ts'
import { zoneOf } from '../../time-range.ts'
import type { NumberRange } from './cat.ts'
import { damageJson, damageText, timeJson, timeText } from './where.ts'

const SECTION_NAMES = new Map<number, string>(Object.entries(SECTION).map(([name, id]) => [id, name]))
const CODEC_NAMES = new Map<number, string>(Object.entries(CODEC).map(([name, id]) => [id, name]))
const KIND_NAMES = new Map<number, string>(Object.entries(BLOCK_KIND).map(([name, id]) => [id, name]))

const nameOf = (names: Map<number, string>, id: number) => names.get(id) ?? String(id)

/** Prints the headers of the blocks of the segment or the numbers that were asked for. */
export async function catBlocks(
  ctx: Context,
  given: Given,
  asked: NumberRange & { readonly reader: SegmentsReader; readonly path: string },
): Promise<number> {
  const zone = zoneOf(ctx, given)
  let damaged = false
  for (const { segment } of asked.reader.catalogues) {
    if (asked.segment !== null && segment.name !== asked.segment) continue
    const found = [...listBlocks(asked.reader, asked.path, segment.name)].filter((part) => concerns(part, asked))
    if (ctx.signal.aborted) break
    const blocks = found.filter((part): part is PlacedBlock => 'header' in part)
    if (given.has('json')) {
      for (const part of found) await writeJson(ctx.stdout, 'header' in part ? blockJson(segment.name, part) : damageJson(part))
    } else if (blocks.length > 0) {
      const rows = blocks.map(({ at, header: h }) => [
        segment.name,
        at,
        nameOf(KIND_NAMES, h.kind),
        h.count,
        h.count === 0 ? null : h.firstSeq,
        h.count === 0 ? null : h.firstSeq + h.count - 1,
        h.count === 0 ? null : timeText(h.minTime, zone),
        h.count === 0 ? null : timeText(h.maxTime, zone),
        h.length,
        h.arenaBytes,
        h.sections.map(sectionText).join(' '),
      ])
      await writeTable(ctx.stdout, COLUMNS, rows, ctx.color.stdout)
    }
    for (const part of found) {
      if ('header' in part) continue
      damaged = true
      if (!given.has('json')) await ctx.stderr.write(`${hostile(damageText(part, zone), ctx.color.stderr)}\n`)
    }
  }
  return damaged ? EXIT.incomplete : EXIT.done
}

function concerns(part: PlacedBlock | Damage, { segment, first, last }: NumberRange): boolean {
  if (segment !== null) return true
  if ('header' in part) return part.header.count > 0 && part.header.firstSeq <= last && part.header.firstSeq + part.header.count > first
  return part.firstSeq !== null && part.firstSeq <= last && (part.lastSeq ?? 0) >= first
}

/** `arena:zstd 1024/4096`: name, codec, bytes as stored, bytes decoded. */
function sectionText(s: Section): string {
  return `${nameOf(SECTION_NAMES, s.id)}:${nameOf(CODEC_NAMES, s.codec)} ${s.length}/${s.rawLength}`
}

function blockJson(file: string, { at, header: h }: PlacedBlock): { type: string } & Record<string, unknown> {
  return {
    type: 'block',
    file,
    at,
    kind: nameOf(KIND_NAMES, h.kind),
    version: h.version,
    epoch: h.epoch,
    records: h.count,
    first: h.count === 0 ? null : h.firstSeq,
    last: h.count === 0 ? null : h.firstSeq + h.count - 1,
    since: h.count === 0 ? null : timeJson(h.minTime),
    until: h.count === 0 ? null : timeJson(h.maxTime),
    bytes: h.length,
    record_bytes: h.arenaBytes,
    sections: sectionsJson(h),
  }
}

function sectionsJson(h: BlockHeader) {
  return h.sections.map((s) => ({
    name: nameOf(SECTION_NAMES, s.id),
    codec: nameOf(CODEC_NAMES, s.codec),
    offset: s.offset,
    bytes: s.length,
    decoded: s.rawLength,
  }))
}

const COLUMNS = [
  { title: 'FILE' },
  { title: 'AT', right: true },
  { title: 'KIND' },
  { title: 'RECORDS', right: true },
  { title: 'FIRST', right: true },
  { title: 'LAST', right: true },
  { title: 'FROM' },
  { title: 'TO' },
  { title: 'BYTES', right: true },
  { title: 'RAW', right: true },
  { title: 'SECTIONS', cuts: true },
]
