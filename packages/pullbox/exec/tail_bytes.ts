/** Keeps the last bytes of a stream, in chunks, with at most twice `most` in memory. */
export class TailBytes {
  private chunks: Buffer[] = []
  private size = 0
  private most: number

  constructor(most: number) {
    this.most = most
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.size += chunk.length
    // Small chunks can be slices of large pools: joining them now and then lets the pools go.
    if (this.size > 2 * this.most || this.chunks.length > 64) this.chunks = [this.bytes()]
    this.size = this.chunks.length === 1 ? this.chunks[0]!.length : this.size
  }

  bytes(): Buffer {
    const all = Buffer.concat(this.chunks)
    return all.length > this.most ? Buffer.from(all.subarray(all.length - this.most)) : all
  }
}
