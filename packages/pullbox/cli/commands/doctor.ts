import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import { EXIT } from '../exit.ts'
import { paint } from '../output/color.ts'
import { hostile } from '../output/hostile.ts'
import { writeJson } from '../output/json.ts'

const HOW = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export const command: Command = {
  name: 'doctor',
  summary: 'what stands in the way: ports, rights, clock, disk, kernel, configuration, the running collector',
  group: 'run',
  details:
    'Each line is ok, warn or fail, with what to do. Ports are bound and let go at once; nothing else is changed. Run it as the user that pullbox runs as. Exit status 8 when something fails; warnings leave it at 0.',
  options: [COMMON.config, COMMON.json],
  examples: [
    { line: 'pullbox doctor -c /etc/pullbox/pullbox.yaml', says: 'before the first start' },
    { line: 'pullbox doctor --json | grep \'"fail"\'', says: 'for a monitor' },
  ],
  async run(ctx, given) {
    const { examine } = await import('../doctor/index.ts')
    const file = given.text('config')
    let failed = 0
    const options = { env: ctx.env, cwd: ctx.cwd, uid: ctx.uid, nowMs: ctx.now() / 1000, ...(file === undefined ? {} : { file }) }
    for await (const f of examine(options)) {
      if (ctx.signal.aborted) break
      if (f.verdict === 'fail') failed++
      if (given.has('json')) {
        await writeJson(ctx.stdout, { type: 'check', check: f.check, verdict: f.verdict, says: f.says, do: f.todo || undefined })
        continue
      }
      const mark = paint(f.verdict.padEnd(4), HOW[f.verdict], ctx.color.stdout)
      const todo = f.todo === '' ? '' : `\n      -> ${hostile(f.todo, ctx.color.stdout)}`
      await ctx.stdout.write(`${mark}  ${hostile(f.check, ctx.color.stdout)}: ${hostile(f.says, ctx.color.stdout)}${todo}\n`)
    }
    return failed > 0 ? EXIT.checkFailed : EXIT.done
  },
}
