import { parentPort, workerData } from 'node:worker_threads'

import type { LedgerCheckMessage, LedgerCheckOptions } from './ledger-check.ts'
import { checkLedgerHere } from './ledger-check.ts'

const PROGRESS_MS = 100

const say = (message: LedgerCheckMessage) => parentPort?.postMessage(message)
let said = 0

try {
  const onProgress = (done: number, total: number) => {
    const now = performance.now()
    if (now - said < PROGRESS_MS) return
    said = now
    say({ type: 'progress', done, total })
  }
  say({ type: 'done', view: await checkLedgerHere({ ...(workerData as LedgerCheckOptions), onProgress }) })
} catch (error) {
  const { code, message, at, hint } = error as { code?: string; message?: string; at?: string; hint?: string }
  say({ type: 'failed', code: code ?? 'LEDGER_CHECK_FAILED', message: message ?? String(error), at: at ?? '', hint: hint ?? '' })
}
