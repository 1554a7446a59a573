import { CodedError } from '@pullbox/log/errors'

import { receiveDatagrams } from './datagrams.ts'
import { DatagramSocket } from './socket/datagram-socket.ts'
import { SO, SOL } from './socket/libc.ts'
import { MessageVector } from './socket/vector.ts'
import type { Input, InputParts } from './task.ts'

/**
 * Messages of one call: the queue holds net.unix.max_dgram_qlen (10 unless set), and each place takes a message of full length, all
 * together at most a quarter of the memory.
 */
const CALL_MESSAGES = 32
const LEAST_MESSAGES = 2

/**
 * Syslog over a unix datagram socket, as /dev/log is: one datagram, one message; all senders are one source, `unix:<path>`.
 * Nothing is dropped: a sender blocks while the queue is full. Throws INPUT_* errors.
 */
export async function openUnixDatagram({ task, intake, libc }: InputParts): Promise<Input> {
  if (libc === undefined)
    throw new CodedError(
      'INPUT_NEEDS_NATIVE',
      `unix datagram sockets need the system's own calls, which are not available here (${process.platform}, ${process.arch})`,
      {
        at: task.at,
        hint: 'Linux on a 64-bit machine with the package koffi; or listen on udp or a unix stream socket',
      },
    )
  const socket = DatagramSocket.unix(libc, task.at, task.mode, task.receiveBuffer)
  const stamps = task.stamps === 'message'
  if (stamps) libc.setOption(socket.fd, SOL.socket, SO.timestampns, 1)
  const fit = Math.floor(task.limits.memory / 4 / task.limits.message)
  const count = Math.min(CALL_MESSAGES, Math.max(LEAST_MESSAGES, fit))
  const vector = new MessageVector(libc, { count, message: task.limits.message, name: 0, stamps })
  const key = `unix:${task.at}`
  const source = intake.source(Buffer.from(key), key)
  return {
    address: socket.address,
    receiveBuffer: socket.receiveBuffer,
    native: true,
    async run() {
      try {
        receiveDatagrams({ socket, vector, intake, count, nap: false, source: () => source })
      } finally {
        socket.close()
      }
    },
  }
}
