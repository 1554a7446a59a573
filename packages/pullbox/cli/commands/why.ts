import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { ExplainView } from '../../api/index.ts'

export const command: Command = {
  name: 'why',
  summary: 'how each field of a record came',
  group: 'look',
  details:
    'For each field: its value, the bytes of the message that it was read from (first and last, counted from 0), the reader with its version, and what was assumed, such as a year or a zone that was not sent. Then when it was received and where it is stored.',
  args: [{ name: 'ID', says: 'of a record, as search --json gives it' }],
  options: [COMMON.config, COMMON.json],
  examples: [{ line: 'pullbox why 9812040', says: 'whence its time and its host' }],
  async run(ctx, given) {
    const [{ openClient }, { explained }, { writeJson }] = await Promise.all([
      import('../ask.ts'),
      import('../look/explained.ts'),
      import('../output/json.ts'),
    ])
    const { client } = await openClient(ctx, given)
    try {
      const view = await explained(client, given.args[0])
      if (!given.has('json')) await print(ctx, view)
      else {
        for (const field of view.fields) await writeJson(ctx.stdout, { type: 'row', ...field })
        await writeJson(ctx.stdout, {
          type: 'end',
          complete: true,
          id: given.args[0],
          received: view.record['received'],
          store: view.store,
        })
      }
      return EXIT.done
    } finally {
      await client.close()
    }
  },
}

async function print(ctx: Context, view: ExplainView): Promise<void> {
  const [{ writeTable }, { hostile }, { placeText }] = await Promise.all([
    import('../output/table.ts'),
    import('../output/hostile.ts'),
    import('../look/explained.ts'),
  ])
  const columns = [{ title: 'FIELD' }, { title: 'VALUE', cuts: true }, { title: 'BYTES' }, { title: 'FROM' }, { title: 'NOTE', cuts: true }]
  const rows = view.fields.map(({ name, value, bytes, from, note }) => [
    name,
    value,
    bytes === null ? null : `${bytes[0]}..${bytes[1] - 1}`,
    from,
    note ?? '',
  ])
  await writeTable(ctx.stdout, columns, rows, ctx.color.stdout)
  const { received, source } = view.record as { received?: string; source?: string }
  await ctx.stdout.write(`\nreceived ${hostile(received ?? '', false)} from ${hostile(source ?? '', false)}\n${placeText(view)}\n`)
}
