import type { Command } from '../../command.ts'
import { COMMON } from '../../command.ts'
import { EXIT } from '../../exit.ts'
import { counted, storeDirectory, timeJson, timeText, WHICH } from './where.ts'

export const ls: Command = {
  name: 'ls',
  summary: 'list the segments: records, times, bytes, damage that their headers show',
  group: 'files',
  details:
    'Reads headers only, also beside a running collector; pullbox store fsck checks every byte. Files that a repair or a restart moved aside are listed below damaged/.',
  options: [...WHICH, COMMON.tz, COMMON.json],
  examples: [
    { line: 'pullbox store ls', says: 'of the store that the configuration names' },
    { line: 'pullbox store ls --store /var/lib/pullbox/store --json', says: 'one object a segment' },
  ],
  async run(ctx, given) {
    const [{ listSegments }, { writeJson }, { writeTable }, { bytesText }, { zoneOf }, { hostile }] = await Promise.all([
      import('@pullbox/store/records'),
      import('../../output/json.ts'),
      import('../../output/table.ts'),
      import('../../output/progress.ts'),
      import('../../time-range.ts'),
      import('../../output/hostile.ts'),
    ])
    const { path, segments, aside } = await listSegments({ path: await storeDirectory(ctx, given) })
    const sum = (of: (s: (typeof segments)[number]) => number) => segments.reduce((n, s) => n + of(s), 0)
    const total = { records: sum((s) => s.records), bytes: sum((s) => s.bytes), damages: sum((s) => s.damages.length) }
    if (given.has('json')) {
      for (const { file, firstSeq, lastSeq, minTime, maxTime, damages, ...s } of segments) {
        const [since, until] = [timeJson(minTime), timeJson(maxTime)]
        await writeJson(ctx.stdout, { type: 'segment', file, first: firstSeq, last: lastSeq, since, until, ...s, damages: damages.length })
      }
      for (const one of aside) await writeJson(ctx.stdout, { type: 'aside', ...one })
      await writeJson(ctx.stdout, { type: 'end', path, segments: segments.length, ...total, aside: aside.length })
      return EXIT.done
    }
    const zone = zoneOf(ctx, given)
    const rows = segments.map((s) => [
      s.file,
      s.records,
      s.records === 0 ? null : s.firstSeq,
      s.records === 0 ? null : s.lastSeq,
      timeText(s.minTime, zone),
      timeText(s.maxTime, zone),
      s.bytes,
      s.blocks,
      s.damages.length,
    ])
    for (const one of aside) rows.push([one.file, null, null, null, null, null, one.bytes, null, null])
    await writeTable(ctx.stdout, COLUMNS, rows, ctx.color.stdout)
    const moved = aside.length === 0 ? '' : `, ${counted(aside.length, 'file')} moved aside`
    const damage = total.damages === 0 ? '' : `, ${counted(total.damages, 'damage')}`
    await ctx.stderr.write(
      `${counted(segments.length, 'segment')}, ${counted(total.records, 'record')}, ${bytesText(total.bytes)} in ${hostile(path, ctx.color.stderr)}${damage}${moved}\n`,
    )
    return EXIT.done
  },
}

const COLUMNS = [
  { title: 'FILE' },
  { title: 'RECORDS', right: true },
  { title: 'FIRST', right: true },
  { title: 'LAST', right: true },
  { title: 'FROM' },
  { title: 'TO' },
  { title: 'BYTES', right: true },
  { title: 'BLOCKS', right: true },
  { title: 'DAMAGE', right: true },
]
