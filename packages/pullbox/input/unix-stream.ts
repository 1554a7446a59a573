import { chmodSync } from 'node:fs'
import { connect } from 'node:net'

import { pathFailure } from './socket/failure.ts'
import { clearStaleSocket } from './socket/path.ts'
import { encodeUnix } from './socket/sockaddr.ts'
import { StreamServer } from './stream.ts'
import type { Input, InputParts } from './task.ts'

/** Longest wait for an answer of a socket that is already there, in milliseconds. */
const ANSWER_MS = 1000

/** Syslog over a unix stream socket; all senders are one source, `unix:<path>`. Throws INPUT_* errors. */
export async function openUnixStream(parts: InputParts): Promise<Input> {
  const { intake, task } = parts
  encodeUnix(task.at)
  const abstract = task.at.startsWith('@')
  const path = abstract ? `\0${task.at.slice(1)}` : task.at
  const key = `unix:${task.at}`
  const source = intake.source(Buffer.from(key), key)
  const streams = new StreamServer(parts, () => source)
  try {
    await streams.listen({ path })
  } catch (error) {
    const reason = (error as { code?: string }).code ?? String(error)
    if (reason !== 'EADDRINUSE' || abstract) throw pathFailure(task.at, reason)
    const answered = await answers(path)
    if (!clearStaleSocket(path, () => answered)) throw pathFailure(task.at, reason)
    await streams.listen({ path })
  }
  if (!abstract) chmodSync(path, task.mode)
  return { address: task.at, receiveBuffer: 0, native: task.native, run: () => streams.run() }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: ANSWER_MS })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(true))
    // EPROTOTYPE (a datagram socket) and all others: somebody is there.
    socket.once('error', (error) => end(!['ECONNREFUSED', 'ENOENT'].includes((error as { code?: string }).code ?? '')))
  })
}
