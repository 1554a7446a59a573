import { parentPort, workerData } from 'node:worker_threads'
import { CodedError } from '@pullbox/log/errors'
import { chunkTransfers } from '../pipe/index.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { Scanner } from './scanner.ts'
import type { OpenSource, RowSource, SourceDescriptor } from './source.ts'

const port = parentPort!
const descriptor = workerData as SourceDescriptor
let opened: Promise<RowSource> | null = null
const jobs = new Map<number, Promise<Scanner>>()

async function openSource(): Promise<RowSource> {
  const module = (await import(descriptor.module)) as { openSource: OpenSource }
  return module.openSource(descriptor.options)
}

function send(message: FromWorker): void {
  port.postMessage(message, message.type === 'scanned' && message.chunk !== null ? chunkTransfers(message.chunk) : [])
}

async function handle(message: ToWorker): Promise<void> {
  const { job } = message
  if (message.type === 'open') {
    opened ??= openSource()
    jobs.set(
      job,
      opened.then((source) => new Scanner(source, message.query)),
    )
    await jobs.get(job)
    return
  }
  if (message.type === 'close') {
    const scanner = await jobs.get(job)?.catch(() => null)
    jobs.delete(job)
    await scanner?.gather?.close()
    return
  }
  const scanner = await jobs.get(job)
  if (scanner === undefined) return
  if (message.type === 'flush') send({ type: 'flushed', job, state: scanner.flush() })
  else send({ type: 'scanned', job, ...(await scanner.block(message.ref, message.index)) })
}

function failed(job: number, error: unknown): void {
  const known = error instanceof CodedError ? error : null
  send({ type: 'failed', job, code: known?.code ?? '', message: (error as Error).message ?? String(error), hint: known?.hint ?? '' })
}

// one message at a time: a block is done before the next one is begun
let last: Promise<void> = Promise.resolve()
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message)).catch((error: unknown) => failed(message.job, error))
})
