import { spawn } from 'node:child_process'
import type { Context, Sink } from '../context.ts'
import { ClosedPipe } from '../context.ts'
import { StreamSink } from '../stream-sink.ts'

const DEFAULT_PAGER = ['less', '-FRX']

/**
 * The words of the pager's command: `$PULLBOX_PAGER`, else `$PAGER`, else `less -FRX`; null for none (an empty value, or
 * `cat`). Words are separated by spaces; there is no quoting, since no shell is started.
 */
export function pagerWords(env: Readonly<Record<string, string | undefined>>): readonly string[] | null {
  const chosen = env['PULLBOX_PAGER'] ?? env['PAGER']
  if (chosen === undefined) return DEFAULT_PAGER
  const words = chosen.split(/\s+/).filter((w) => w !== '')
  return words.length === 0 || (words.length === 1 && words[0] === 'cat') ? null : words
}

export interface Paged {
  readonly sink: Sink
  /** Waits until the person has left the pager. */
  end(): Promise<void>
}

/**
 * A sink through a pager when stdout is a terminal and a pager is wanted and starts; else stdout itself. A person who leaves
 * the pager early ends the writing as a closed pipe does.
 */
export async function openPager(ctx: Context, off: boolean): Promise<Paged> {
  const plain: Paged = { sink: ctx.stdout, end: async () => {} }
  const words = pagerWords(ctx.env)
  if (off || !ctx.stdout.isTTY || words === null) return plain
  // Not through exec/, which gives each program a process group of its own: one that reads the terminal must stay in ours.
  // LESSSECURE: what is shown may come from anybody, so the pager must not run programs or write files at a key press.
  const child = spawn(words[0], words.slice(1), { stdio: ['pipe', 'inherit', 'inherit'], env: { LESSSECURE: '1', ...ctx.env } })
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const started = await new Promise<boolean>((resolve) => {
    child.on('spawn', () => resolve(true))
    child.on('error', () => resolve(false))
  })
  if (!started) return plain
  const inner = new StreamSink(child.stdin, () => {})
  const { columns } = ctx.stdout
  return {
    sink: { isTTY: true, columns, write: (data) => inner.write(data) },
    end: async () => {
      child.stdin.end()
      await closed
    },
  }
}

/** Writes a whole text, through a pager on a terminal. */
export async function writePaged(ctx: Context, text: string, off: boolean): Promise<void> {
  const paged = await openPager(ctx, off)
  try {
    await paged.sink.write(text)
  } catch (error) {
    if (!(error instanceof ClosedPipe)) throw error
  }
  await paged.end()
}
