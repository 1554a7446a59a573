// The thin shell: gives the command line its world and ends the process with its status.
// Nothing heavy is imported here; each command loads what it needs.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addAbortSignal } from 'node:stream'
import type { StopReason } from './context.ts'
import { EXIT } from './exit.ts'
import { runCommandLine } from './shell.ts'
import { StreamSink } from './stream-sink.ts'

/** A command that does not end after its reader has gone is ended, milliseconds. */
const CLOSED_GRACE = 2000

/** Time for what is still open after the command has ended, milliseconds. */
const LEFT_OPEN = 500

const stop = new AbortController()

function onSignal(reason: 'SIGINT' | 'SIGTERM'): void {
  // The second one ends at once, whatever the command is doing.
  if (stop.signal.aborted && stop.signal.reason !== 'pipe') process.exit(reason === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
  stop.abort(reason satisfies StopReason)
}

function onClosed(): void {
  if (!stop.signal.aborted) stop.abort('pipe' satisfies StopReason)
  setTimeout(() => process.exit(EXIT.done), CLOSED_GRACE).unref()
}

function saveBug(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'pullbox-bug-')), 'stack.txt')
  writeFileSync(path, `${new Date().toISOString()} node ${process.version} ${process.platform}\n${text}`, { mode: 0o600, flag: 'wx' })
  return path
}

/** Opened only when a command asks for it, and let go when the command is to stop, so that no read keeps it. */
function openStdin(): typeof process.stdin {
  // Without a listener the abort of a stream that nobody reads just now would end the process as a bug.
  process.stdin.on('error', () => {})
  return addAbortSignal(stop.signal, process.stdin)
}

let stdin: typeof process.stdin | undefined

process.on('SIGINT', () => onSignal('SIGINT'))
process.on('SIGTERM', () => onSignal('SIGTERM'))

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: new StreamSink(process.stdout, onClosed),
  stderr: new StreamSink(process.stderr, () => {}),
  get stdin() {
    return (stdin ??= openStdin())
  },
  env: process.env,
  cwd: process.cwd(),
  platform: process.platform,
  uid: process.getuid?.() ?? -1,
  get zone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone
  },
  now: () => Date.now() * 1000,
  signal: stop.signal,
  onHangup: (listener) => void process.on('SIGHUP', listener),
  exit: (code) => process.exit(code),
  saveBug,
})
// All is written; what a command may have left open must not keep the process.
setTimeout(() => process.exit(), LEFT_OPEN).unref()
