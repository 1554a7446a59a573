import { formatTime } from '../../time/zone.ts'
import { findZone } from '../../time/zone.ts'
import type { Context, Sink } from '../context.ts'
import { hostile } from '../output/hostile.ts'
import { writeTable } from '../output/table.ts'
import { cut } from '../output/width.ts'
import { durationText, rateText } from './rates.ts'
import type { RatedSource } from './sources-table.ts'
import { checkText, nameOf, refusedOf } from './sources-table.ts'

/** Lines above the sources: the sum, an empty line, the titles; and one below them. */
const AROUND = 4
const ROWS_UNKNOWN = 24
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

const COLUMNS = [
  { title: 'SOURCE', cuts: true },
  { title: 'HOST', cuts: true },
  { title: 'RATE', right: true },
  { title: 'RECEIVED', right: true },
  { title: 'HELD', right: true },
  { title: 'MISSING', right: true },
  { title: 'REFUSED', right: true },
  { title: 'CHECK', right: true },
  { title: 'SEEN', right: true },
]

/** One table: on a terminal at its top left corner, as many sources as there is room for, else all of them below what was printed before. */
export async function drawTop(
  ctx: Pick<Context, 'stdout' | 'now' | 'zone' | 'color'>,
  at: string,
  sources: readonly RatedSource[],
): Promise<void> {
  const { stdout } = ctx
  if (!stdout.isTTY) return table(ctx, stdout, at, sources, sources.length)
  const room = Math.max(1, (stdout.rows ?? ROWS_UNKNOWN) - AROUND)
  const page = new Page(stdout.columns)
  await table(ctx, page, at, sources, room)
  if (sources.length > room) await page.write(`${sources.length - room} more\n`)
  await stdout.write(`${HOME}${page.text.replaceAll('\n', `${REST_OF_LINE}\n`)}${REST_OF_SCREEN}`)
}

async function table(
  ctx: Pick<Context, 'now' | 'zone' | 'color'>,
  sink: Sink,
  at: string,
  sources: readonly RatedSource[],
  shown: number,
): Promise<void> {
  const now = ctx.now()
  const sum = (of: (s: RatedSource) => number) => sources.reduce((n, s) => n + of(s), 0)
  const off = sources.filter((s) => s.check !== 0 || s.held < 0).length
  const head = `${formatTime(now, findZone(ctx.zone, 'UTC'), 0)}  ${at}  ${rateText(sum((s) => s.rate ?? 0))}  held ${sum((s) => s.held)}  ${off === 0 ? 'balanced' : `${off} NOT BALANCED`}`
  const first = hostile(head, false)
  await sink.write(`${sink.isTTY ? cut(first, sink.columns) : first}\n\n`)
  await writeTable(
    sink,
    COLUMNS,
    sources
      .slice(0, shown)
      .map((s) => [
        nameOf(s.source),
        s.host || null,
        rateText(s.rate),
        s.received,
        s.held,
        s.missing,
        refusedOf(s),
        checkText(s.check),
        s.last_seen === 0 ? null : `${durationText(now - s.last_seen)} ago${s.silent ? ' SILENT' : ''}`,
      ]),
    ctx.color.stdout,
  )
}

/** A terminal's screen as text, so that it is drawn at once. */
class Page implements Sink {
  readonly isTTY = true
  readonly columns: number
  text = ''

  constructor(columns: number) {
    this.columns = columns
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.text += typeof data === 'string' ? data : Buffer.from(data).toString()
  }
}
