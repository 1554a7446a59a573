import type { Collector } from '../collector/index.ts'

/** What of the store is synced, as the collector tells it. */
export class Synced {
  /** The last record that is synced. */
  bound = 0
  /** When the last sync of this run ended, microseconds since 1970. */
  lastSync: number | null = null
  private readonly listeners = new Set<() => void>()
  private readonly events: Collector['events']
  private readonly hear = (lastSeq: number, _records: number, at: number): void => {
    this.lastSync = at
    this.rise(lastSeq)
  }

  private constructor(events: Collector['events']) {
    this.events = events
    events.on('synced', this.hear)
  }

  /** Resolves when the present state is known; nothing that is synced meanwhile is missed. */
  static async of(collector: Pick<Collector, 'events' | 'status'>): Promise<Synced> {
    const synced = new Synced(collector.events)
    try {
      synced.rise((await collector.status()).stats.lastSeq)
      return synced
    } catch (error) {
      synced.close()
      throw error
    }
  }

  private rise(lastSeq: number): void {
    if (lastSeq <= this.bound) return
    this.bound = lastSeq
    for (const listener of this.listeners) listener()
  }

  /** Calls `listener` when more is synced, until the returned function is called. */
  changed(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  close(): void {
    this.events.off('synced', this.hear)
    this.listeners.clear()
  }
}
