/** Bytes that a session wants sent, in order. */
export class Output {
  private parts: Uint8Array[] = []
  /** Bytes that wait. */
  size = 0

  add(bytes: Uint8Array): void {
    this.parts.push(bytes)
    this.size += bytes.length
  }

  /** Gives all that waits and forgets it. */
  take(): Uint8Array {
    const { parts } = this
    const out = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    this.clear()
    return out
  }

  clear(): void {
    this.parts = []
    this.size = 0
  }
}
