import { lstatSync, unlinkSync } from 'node:fs'

/**
 * Removes the socket file at `path` if `answers` says that nobody listens there; false when it was left alone because somebody
 * does, or because it is no socket.
 */
export function clearStaleSocket(path: string, answers: () => boolean): boolean {
  try {
    if (!lstatSync(path).isSocket()) return false
    if (answers()) return false
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

/** Removes our own socket file at the end; abstract names vanish by themselves. */
export function removeSocket(path: string): void {
  if (path.startsWith('@')) return
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path)
  } catch {
    // Already gone.
  }
}
