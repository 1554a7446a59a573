import type { RecordView } from '@pullbox/log/record'
import type { SegmentsReader } from '@pullbox/store/records'

import type { Given } from '../../arguments.ts'
import type { Command } from '../../command.ts'
import { COMMON } from '../../command.ts'
import type { Context } from '../../context.ts'
import { EXIT, usage } from '../../exit.ts'
import { counted, damageText, lostText, openReader, storeDirectory, WHICH } from './where.ts'

export const cat: Command = {
  name: 'cat',
  summary: 'print the records of a segment or of a range of numbers, or the headers of their blocks',
  group: 'files',
  details:
    'Records come in the order in which they were written and look as search prints them. Needs no collector. Exit status 3 when some of what was asked for is missing or damaged.',
  args: [{ name: 'WHAT', says: 'a segment as store ls lists it, or record ids: 17, 17-25, 17-' }],
  options: [
    ...WHICH,
    { name: 'blocks', says: 'print the headers of the blocks instead of the records' },
    COMMON.tz,
    COMMON.json,
    COMMON.raw,
    COMMON.framing,
    COMMON.force,
  ],
  examples: [
    { line: 'pullbox store cat 17-25', says: 'nine records' },
    { line: 'pullbox store cat --blocks 0000000000000001.pbs', says: 'where each block stands and what it holds' },
  ],
  async run(ctx, given) {
    const path = await storeDirectory(ctx, given)
    const reader = await openReader(path)
    try {
      const range = rangeOf(given.args[0], reader)
      if (!given.has('blocks')) return await catRecords(ctx, given, { reader, path, ...range })
      if (given.has('raw')) throw usage('--raw and --blocks exclude each other')
      const { catBlocks } = await import('./blocks.ts')
      return await catBlocks(ctx, given, { reader, path, ...range })
    } finally {
      await reader.close()
    }
  },
}

export interface NumberRange {
  readonly first: number
  readonly last: number
  /** The one segment that was named, or null. */
  readonly segment: string | null
}

/** @throws CLI_USAGE */
function rangeOf(what: string, reader: SegmentsReader): NumberRange {
  if (what.endsWith('.pbs')) {
    const name = what.slice(what.lastIndexOf('/') + 1)
    const c = reader.catalogues.find((one) => one.segment.name === name)
    if (c === undefined) throw usage(`the store has no segment "${name}"`, 'pullbox store ls lists them')
    return { first: c.segment.firstSeq, last: c.nextSeq - 1, segment: name }
  }
  const m = /^(\d{1,16})(?:(-|\.\.)(\d{1,16})?)?$/.exec(what)
  const first = m === null ? Number.NaN : Number(m[1])
  const last = m?.[2] === undefined ? first : m[3] === undefined ? Number.MAX_SAFE_INTEGER : Number(m[3])
  if (Number.isSafeInteger(first) && last >= first) return { first, last, segment: null }
  throw usage(`"${what}" is no segment and no range of record ids`, 'such as 0000000000000001.pbs, 17, 17-25, 17-')
}

async function catRecords(
  ctx: Context,
  given: Given,
  { reader, path, first, last }: NumberRange & { readonly reader: SegmentsReader; readonly path: string },
): Promise<number> {
  const [{ brokenEnd, readNumbers }, { RecordPrinter, recordFormat }, { printedView }, { zoneOf }, { recordViews }, { hostile }] =
    await Promise.all([
      import('@pullbox/store/records'),
      import('../../output/record.ts'),
      import('../../output/record-view.ts'),
      import('../../time-range.ts'),
      import('../../../search/record-views.ts'),
      import('../../output/hostile.ts'),
    ])
  const zone = zoneOf(ctx, given)
  const printer = new RecordPrinter(ctx.stdout, recordFormat(ctx, given, zone))
  let records = 0
  const missing: string[] = []
  ctx.covered(() => `stopped after ${counted(records, 'record')}`)
  for (const part of readNumbers(reader, first, last)) {
    if (ctx.signal.aborted) break
    if ('unreadable' in part) missing.push(`${lostText({ ...part, records: part.count }, zone)}: ${part.reason}`)
    else if (!('rows' in part)) missing.push(damageText(part, zone))
    else {
      const picked = Uint32Array.from({ length: part.to - part.from }, (_, i) => part.from + i)
      const views = viewsOf(recordViews, part.rows, picked)
      if (typeof views === 'string') missing.push(`${counted(picked.length, 'record')}: ${views}`)
      else {
        for (const view of views) {
          await printer.record(printedView(view, part.rows.bytes(Number(view.id) - part.header.firstSeq)))
          records++
        }
      }
    }
  }
  await printer.flush()
  const end = last >= reader.stats().lastSeq ? brokenEnd(reader, { path }) : null
  if (end !== null) missing.push(damageText(end, zone))
  for (const text of missing) await ctx.stderr.write(`${hostile(text, ctx.color.stderr)}\n`)
  if (records === 0 && missing.length === 0) {
    const { firstSeq, lastSeq } = reader.stats()
    await ctx.stderr.write(
      lastSeq < firstSeq ? 'no records: the store is empty\n' : `no records: the store holds ${firstSeq}..${lastSeq}\n`,
    )
  }
  return missing.length > 0 ? EXIT.incomplete : EXIT.done
}

type Rows = Parameters<typeof import('../../../search/record-views.ts').recordViews>[0]

/** The views, or why there are none. */
function viewsOf(make: (rows: Rows, picked: Uint32Array) => Iterable<RecordView>, rows: Rows, picked: Uint32Array) {
  try {
    return make(rows, picked)
  } catch (error) {
    const e = error as Error & { at?: string }
    return `${e.message}${e.at ? `, ${e.at}` : ''}`
  }
}
