import type { Framing, SegmentsReader } from '@pullbox/store/records'

import type { ExportReport } from '../../../search/export.ts'
import type { Zone } from '../../../time/zone.ts'
import type { Given } from '../../arguments.ts'
import type { Command } from '../../command.ts'
import { COMMON } from '../../command.ts'
import type { Context } from '../../context.ts'
import { EXIT, usage } from '../../exit.ts'
import type { NewFile } from '../../output/new-file.ts'
import { counted, lostText, openReader, recordTimes, storeDirectory, WHICH } from './where.ts'

const FRAMINGS = ['octet', 'lf', 'nul', 'none']

export const exportCommand: Command = {
  name: 'export',
  summary: 'write records out: as JSON, or as the exact bytes that were received',
  group: 'files',
  details: `Records come in the order of their numbers, or by time with --order time. ndjson is one object a line, as search --json prints it. raw is what was received, byte for byte; Pullbox's own records (gaps, audits) are left out of it unless --all. Raw records are framed by octet counting (RFC 6587: length, space, bytes), which is exact whatever is in them; pullbox itself and other servers read it over TCP. With --framing lf or nul, a record that holds that byte reads back as several: such records are named, and the status is 3. With -o the file appears when it is complete and synced. Exit status 3 also when records are missing or damaged; the rest is written.`,
  args: [{ name: 'QUERY', says: 'a LogsQL filter, such as: host:sw1 (without it: all records)', optional: true, many: true }],
  options: [
    ...WHICH,
    { name: 'format', value: 'FORMAT', choices: ['ndjson', 'raw'], says: 'ndjson (default) or raw' },
    { name: 'framing', value: 'HOW', choices: FRAMINGS, says: 'what tells raw records apart: octet (default), lf, nul or none' },
    COMMON.since,
    COMMON.until,
    COMMON.tz,
    { name: 'order', value: 'ORDER', choices: ['write', 'time'], says: 'as they were written (default) or by time' },
    { name: 'output', short: 'o', value: 'FILE', completes: 'file', says: 'the file to write (default: stdout)' },
    { name: 'all', says: "Pullbox's own records too, with --format raw" },
    { name: 'force', says: 'replace FILE; print raw bytes to a terminal all the same' },
  ],
  examples: [
    { line: 'pullbox store export --since 1d --format raw -o day.pbx', says: 'the bytes of a day' },
    { line: "pullbox store export 'host:sw1' -o sw1.ndjson", says: 'the records of one host' },
  ],
  run,
}

async function run(ctx: Context, given: Given): Promise<number> {
  const asked = readOptions(given)
  const { refuseTerminal } = await import('../../output/record.ts')
  if (asked.raw && asked.output === null) refuseTerminal(ctx.stdout, given.has('force'))
  const path = await storeDirectory(ctx, given)
  const reader = await openReader(path)
  try {
    if (asked.output === null) return await write(ctx, given, asked, { reader, path, file: null })
    const { newFile } = await import('../../output/new-file.ts')
    const file = await newFile(asked.output, { cwd: ctx.cwd, replace: given.has('force') })
    try {
      return await write(ctx, given, asked, { reader, path, file })
    } finally {
      await file.discard()
    }
  } finally {
    await reader.close()
  }
}

interface Asked {
  readonly raw: boolean
  readonly framing: Framing
  readonly order: 'write' | 'time'
  /** null = stdout. */
  readonly output: string | null
}

/** @throws CLI_USAGE */
function readOptions(given: Given): Asked {
  const raw = given.text('format') === 'raw'
  const output = given.text('output')
  if (!raw && given.has('framing')) throw usage('--framing goes with --format raw')
  if (!raw && given.has('all')) throw usage('--all goes with --format raw', "ndjson holds Pullbox's own records anyway")
  return {
    raw,
    framing: (given.text('framing') ?? 'octet') as Framing,
    order: (given.text('order') ?? 'write') as Asked['order'],
    output: output === undefined || output === '-' ? null : output,
  }
}

async function write(
  ctx: Context,
  given: Given,
  { raw, framing, order }: Asked,
  { reader, path, file }: { readonly reader: SegmentsReader; readonly path: string; readonly file: NewFile | null },
): Promise<number> {
  const [{ brokenEnd }, { exportStore }, { timeRange }, { hostileJson }, { Progress, bytesText }] = await Promise.all([
    import('@pullbox/store/records'),
    import('../../../search/export.ts'),
    import('../../time-range.ts'),
    import('../../output/hostile.ts'),
    import('../../output/progress.ts'),
  ])
  const range = await timeRange(ctx, given, recordTimes(reader))
  let bar: InstanceType<typeof Progress> | null = null
  let written = 0
  ctx.covered(() => `stopped after ${bytesText(written)}${file === null ? '' : '; no file was written'}`)
  // A bar among the records of a terminal would spoil them.
  const showBar = file !== null || !ctx.stdout.isTTY
  const report = await exportStore({
    source: reader.source(),
    query: given.args.join(' '),
    ...(range.since === null ? {} : { since: range.since }),
    ...(range.until === null ? {} : { until: range.until }),
    tz: range.zone.name,
    now: ctx.now(),
    order,
    format: raw ? 'raw' : 'ndjson',
    framing,
    own: given.has('all'),
    json: hostileJson,
    signal: ctx.signal,
    write: async (piece) => {
      await (file ?? ctx.stdout).write(piece)
      written += piece.length
    },
    progress: (read, total) => {
      if (!showBar) return
      bar ??= new Progress(ctx.stderr, () => ctx.now(), total)
      bar.update(read)
    },
  }).finally(() => bar?.end())
  if (report.stopped) return EXIT.done
  const end = brokenEnd(reader, { path })
  if (end !== null) {
    const where = `bytes ${end.from}..${end.to} of ${end.segment}`
    report.unreadable.push({
      unreadable: true,
      reason: `${end.reason}, ${where}`,
      count: end.records ?? 0,
      minTime: end.minTime,
      maxTime: end.maxTime,
    })
  }
  await file?.commit()
  return say(ctx, report, { framing, path: file?.path ?? null, zone: range.zone })
}

const MOST_LINES = 20

/** Says on stderr what was written and what is missing; gives the status. */
async function say(
  ctx: Context,
  report: ExportReport,
  { framing, path, zone }: { readonly framing: Framing; readonly path: string | null; readonly zone: Zone },
): Promise<number> {
  const [{ hostile }, { bytesText }] = await Promise.all([import('../../output/hostile.ts'), import('../../output/progress.ts')])
  const line = (text: string) => ctx.stderr.write(`${hostile(text, ctx.color.stderr)}\n`)
  const { records, written, unreadable, ambiguous, ambiguousIds, cut, ownLeftOut } = report
  await line(`${counted(records, 'record')}, ${bytesText(written)}${path === null ? '' : ` in ${path}`}`)
  if (ownLeftOut > 0) await line(`note: ${counted(ownLeftOut, 'record')} of Pullbox itself left out (--all writes them too)`)
  if (cut > 0) await line(`note: ${counted(cut, 'record')} longer than limits.message when received: what was kept is written`)
  for (const lost of unreadable.slice(0, MOST_LINES)) {
    await line(`incomplete: ${lostText({ ...lost, records: lost.count === 0 ? null : lost.count }, zone)}: ${lost.reason}`)
  }
  if (unreadable.length > MOST_LINES) await line(`incomplete: ${unreadable.length - MOST_LINES} more places`)
  if (ambiguous > 0) {
    const more = ambiguous > ambiguousIds.length ? ' ...' : ''
    await line(
      `ambiguous: ${counted(ambiguous, 'record')} with the byte ${framing === 'lf' ? '0x0a' : '0x00'} inside: ${ambiguousIds.join(', ')}${more}; --framing octet keeps them apart`,
    )
  }
  return unreadable.length > 0 || ambiguous > 0 ? EXIT.incomplete : EXIT.done
}
