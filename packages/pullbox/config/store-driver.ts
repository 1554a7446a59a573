import { dirname, resolve } from 'node:path'
import type { Problem } from './problem.ts'

/** What a store's driver itself says about its options; null when they are fine. A module named by a path is looked for from the file's folder, and loaded. */
export async function checkStoreDriver(type: string, options: unknown, file: string | null, cwd: string): Promise<Problem | null> {
  const { recordsDrivers } = await import('./drivers.ts')
  try {
    await recordsDrivers().check(type, options, { from: file === null ? cwd : dirname(resolve(cwd, file)) })
    return null
  } catch (error) {
    const e = error as { code?: unknown; message: string; at?: string; hint?: string }
    if (typeof e.code !== 'string' || !e.code.startsWith('STORE_DRIVER_')) throw error
    return { code: e.code, message: e.message, at: `${file ?? ''} store.${e.at ?? ''}`.trim(), hint: e.hint ?? '' }
  }
}
