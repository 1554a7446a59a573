import { spawn } from 'node:child_process'
import { join } from 'node:path'

import type { Load, Sent } from './sender.ts'

/** A sender at work. */
export interface Sending {
  /** Its messages are made; it begins now. */
  readonly began: Promise<void>
  /** @throws Error with its standard error when it fails */
  readonly done: Promise<Sent>
  kill(): void
}

/** Aimed at so that the corpus has 266 bytes a message on average, as the lines of the design's measurements had. */
const ABOUT = 366

/** Starts a sender in a process of its own. */
export function startSender(load: Load): Sending {
  const args = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'sender.ts'), JSON.stringify({ about: ABOUT, ...load })]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const began = new Promise<void>((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString()
      if (out.startsWith('ready')) resolve()
    })
    child.once('close', () => resolve())
  })
  const done = new Promise<Sent>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      if (status === 0) resolve(JSON.parse(out.slice(out.indexOf('\n') + 1)) as Sent)
      else reject(new Error(`the sender ended with ${status}: ${errors}`))
    })
  })
  // Who kills a sender does not wait for its result.
  done.catch(() => {})
  return { began, done, kill: () => void child.kill('SIGKILL') }
}

/** Sends a load to its end. */
export async function send(load: Load): Promise<Sent> {
  return await startSender(load).done
}
