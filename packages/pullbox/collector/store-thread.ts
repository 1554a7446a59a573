import type { EventEmitter } from 'node:events'
import { extname } from 'node:path'
import type { Transferable } from 'node:worker_threads'
import { Worker } from 'node:worker_threads'

import { CodedError } from '@pullbox/log/errors'

import type { StoreAnswer, StoreRequest, StoreWorkerData } from './protocol.ts'

/** Megabytes for young objects in the store's thread. */
const YOUNG_MB = 16

type Without<T> = T extends { id: number } ? Omit<T, 'id'> : never

/** The store's thread, seen from the thread that started it: questions and answers, and events passed on to `events`. */
export class StoreThread {
  private readonly worker: Worker
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  private next = 1
  private dead: unknown

  constructor(data: StoreWorkerData, events: EventEmitter) {
    this.worker = new Worker(new URL(`./store-worker${extname(import.meta.filename)}`, import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      name: 'store',
    })
    this.worker.on('message', (answer: StoreAnswer) => this.hear(answer, events))
    this.worker.on('error', (error) => this.fail(error))
    this.worker.on('exit', () => this.fail(new CodedError('STORE_CLOSED', 'the thread of the store has ended')))
  }

  private hear(answer: StoreAnswer, events: EventEmitter): void {
    if (answer.type === 'synced') return void events.emit('synced', answer.appended.lastSeq, answer.records, answer.appended.syncedAt)
    if (answer.type === 'trouble') return void events.emit('trouble', answer.code, answer.message)
    if (answer.type === 'recovered') return void events.emit('recovered')
    const asked = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if (answer.ok) asked?.resolve(answer.value)
    else asked?.reject(new CodedError(answer.code, answer.message, { at: answer.at, hint: answer.hint }))
  }

  private fail(error: unknown): void {
    this.dead ??= error
    for (const asked of this.waiting.values()) asked.reject(error)
    this.waiting.clear()
  }

  /** Asks the thread; rejects with its CodedError, or when the thread ends. */
  ask(request: Without<StoreRequest>, transfer: readonly Transferable[] = []): Promise<unknown> {
    if (this.dead !== undefined) return Promise.reject(this.dead as Error)
    const id = this.next++
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.worker.postMessage({ ...request, id }, transfer)
    })
  }

  async end(): Promise<void> {
    await this.worker.terminate()
  }
}
