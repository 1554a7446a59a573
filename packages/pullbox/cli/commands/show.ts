import type { RecordView } from '@pullbox/log/record'

import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import type { ExplainView } from '../../api/index.ts'

/** Bytes that are shown on a terminal; a pipe gets all. */
const TERMINAL_BYTES = 1024

export const command: Command = {
  name: 'show',
  summary: 'one record with its fields and its bytes',
  group: 'look',
  details:
    'ID is the number that search --json and tail --json give as id. The bytes are the ones that were received, in hexadecimal; --raw writes them as they are.',
  args: [{ name: 'ID', says: 'of a record', many: true }],
  options: [COMMON.config, COMMON.json, COMMON.raw, COMMON.framing, COMMON.force],
  examples: [
    { line: 'pullbox show 9812040', says: 'all of one record' },
    { line: 'pullbox show --raw --framing none 9812040 > message', says: 'the exact bytes in a file' },
  ],
  async run(ctx, given) {
    const [{ openClient }, { explained }, { recordFormat, frame }, { writeJson }, { UTC }] = await Promise.all([
      import('../ask.ts'),
      import('../look/explained.ts'),
      import('../output/record.ts'),
      import('../output/json.ts'),
      import('../../time/zone.ts'),
    ])
    const format = recordFormat(ctx, given, UTC)
    const { client } = await openClient(ctx, given)
    try {
      for (const [i, id] of given.args.entries()) {
        const view = await explained(client, id)
        const bytes = Buffer.from(view.bytes_base64, 'base64')
        if (format.how === 'raw') await ctx.stdout.write(frame(bytes, format.framing))
        else if (format.how === 'json') {
          const type = String(view.record['type'])
          await writeJson(ctx.stdout, { ...view.record, type, bytes_base64: view.bytes_base64, store: view.store })
        } else await print(ctx, view, bytes, i > 0)
      }
      return EXIT.done
    } finally {
      await client.close()
    }
  },
}

async function print(ctx: Context, view: ExplainView, bytes: Uint8Array, next: boolean): Promise<void> {
  const [{ pairs }, { hostile }, { printedView }, { hexdump, placeText, flatFields }] = await Promise.all([
    import('../output/table.ts'),
    import('../output/hostile.ts'),
    import('../output/record-view.ts'),
    import('../look/explained.ts'),
  ])
  // The message from its bytes, so that those that are not UTF-8 are seen.
  const { message } = printedView(view.record as unknown as RecordView)
  const rows = flatFields(view.record).map(
    ([name, value]) => [hostile(name, false), hostile(name === '_msg' ? message : value, false)] as const,
  )
  const shown = ctx.stdout.isTTY ? Math.min(bytes.length, TERMINAL_BYTES) : bytes.length
  await ctx.stdout.write(`${next ? '\n' : ''}${pairs([...rows, ['stored', placeText(view)]], '')}\n`)
  for (const part of hexdump(bytes.subarray(0, shown))) await ctx.stdout.write(part)
  if (shown < bytes.length) await ctx.stdout.write(`... ${bytes.length - shown} more bytes (--raw has all)\n`)
}
