import type { FsckReport } from '@pullbox/store/records'

import type { Given } from '../../arguments.ts'
import type { Command } from '../../command.ts'
import { COMMON } from '../../command.ts'
import type { Context } from '../../context.ts'
import { EXIT, ExitError } from '../../exit.ts'
import { counted, damageJson, damageText, storeDirectory, WHICH } from './where.ts'

export const fsck: Command = {
  name: 'fsck',
  summary: 'check every byte; name damage, and move it aside on request',
  group: 'files',
  details:
    'Changes nothing without --repair, and may run beside a collector (the end of the last segment is then not judged). With --repair no collector may hold the store: bytes that are no block are copied to damaged/ below the store and taken out of their segment; nothing is deleted. Records that are lost stay named as missing until their segment goes. Exit status 8 when damage was found, also when it was repaired.',
  options: [...WHICH, { name: 'repair', says: 'move what is damaged aside, so that it is not met again' }, COMMON.tz, COMMON.json],
  examples: [
    { line: 'pullbox store fsck', says: 'is every byte as it was written?' },
    { line: 'pullbox store fsck --repair', says: 'after the collector was stopped' },
  ],
  run,
}

async function run(ctx: Context, given: Given): Promise<number> {
  const [{ fsck: check }, { Progress, bytesText }] = await Promise.all([
    import('@pullbox/store/records'),
    import('../../output/progress.ts'),
  ])
  const path = await storeDirectory(ctx, given)
  let bar: InstanceType<typeof Progress> | null = null
  let done = 0
  ctx.covered(() => `stopped after ${bytesText(done)}; nothing is said about the rest`)
  const progress = (bytes: number, total: number) => {
    done = bytes
    bar ??= new Progress(ctx.stderr, () => ctx.now(), total)
    bar.update(bytes)
  }
  let report: FsckReport
  try {
    report = await check({ path, repair: given.has('repair'), progress, signal: ctx.signal })
  } catch (error) {
    throw locked(error)
  } finally {
    ;(bar as InstanceType<typeof Progress> | null)?.end()
  }
  ctx.covered(() => 'all was checked')
  if (given.has('json')) await sayJson(ctx, report)
  else await say(ctx, given, report)
  return report.damages.length > 0 ? EXIT.checkFailed : EXIT.done
}

/** Status 8 would say that damage was found. */
function locked(error: unknown): unknown {
  const e = error as { code?: unknown; message: string; at?: string }
  if (e.code !== 'STORE_LOCKED') return error
  return new ExitError(EXIT.notAllowed, 'STORE_LOCKED', 'a collector holds this store', {
    ...(e.at === undefined ? {} : { at: e.at }),
    hint: 'stop it before --repair; without --repair the store is checked beside it',
  })
}

async function sayJson(ctx: Context, report: FsckReport): Promise<void> {
  const { writeJson } = await import('../../output/json.ts')
  const { damages, movedAside, ...rest } = report
  for (const damage of damages) await writeJson(ctx.stdout, damageJson(damage))
  await writeJson(ctx.stdout, { type: 'end', ...rest, damages: damages.length, moved_aside: movedAside })
}

async function say(ctx: Context, given: Given, report: FsckReport): Promise<void> {
  const [{ hostile }, { zoneOf }, { bytesText }] = await Promise.all([
    import('../../output/hostile.ts'),
    import('../../time-range.ts'),
    import('../../output/progress.ts'),
  ])
  const zone = zoneOf(ctx, given)
  for (const damage of report.damages) await ctx.stdout.write(`${hostile(damageText(damage, zone), ctx.color.stdout)}\n`)
  const { segments, blocks, records, bytes, damages, unreadable, movedAside } = report
  const found =
    damages.length === 0 ? 'no damage' : `${counted(damages.length, 'damage')}, ${counted(unreadable, 'record')} unreadable or missing`
  const moved = movedAside === 0 ? '' : `; ${counted(movedAside, 'byte')} moved to ${hostile(report.path, ctx.color.stderr)}/damaged`
  const running = report.running ? '; a collector is writing: the end of the last segment was not judged' : ''
  await ctx.stderr.write(
    `${counted(segments, 'segment')}, ${counted(blocks, 'block')}, ${counted(records, 'record')}, ${bytesText(bytes)} checked: ${found}${moved}${running}\n`,
  )
}
