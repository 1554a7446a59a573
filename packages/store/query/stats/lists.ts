import type { View } from '../pipe/view.ts'
import type { Accumulator } from './accumulator.ts'

/** The texts that one row adds to its group's list, given to `add` one by one. */
export type TextsOf = (view: View) => (row: number, add: (text: string) => void) => void

/** A list of texts for each group, in the order of reading, which is no promise; of `limit` texts at most, 0 = all. */
export class TextLists implements Accumulator {
  private readonly lists: string[][] = []
  private readonly textsOf: TextsOf
  private readonly limit: number
  private readonly print: (list: readonly string[]) => string
  private held = 0

  constructor(limit: number, textsOf: TextsOf, print: (list: readonly string[]) => string) {
    this.limit = limit
    this.textsOf = textsOf
    this.print = print
  }

  get bytes(): number {
    return this.lists.length * 64 + this.held
  }

  grow(slots: number): void {
    while (this.lists.length < slots) this.lists.push([])
  }

  private room(slot: number): boolean {
    return this.limit === 0 || this.lists[slot]!.length < this.limit
  }

  private add(slot: number, text: string): void {
    if (!this.room(slot)) return
    this.lists[slot]!.push(text)
    this.held += 32 + text.length * 2
  }

  push(view: View, picked: Uint32Array, slots: Uint32Array): void {
    const texts = this.textsOf(view)
    for (let k = 0; k < picked.length; k++) if (this.room(slots[k]!)) texts(picked[k]!, (text) => this.add(slots[k]!, text))
  }

  export(): string[][] {
    return this.lists
  }

  merge(state: unknown, to: Uint32Array): void {
    const lists = state as string[][]
    for (let s = 0; s < to.length; s++) for (const text of lists[s]!) this.add(to[s]!, text)
  }

  result(slot: number): string {
    return this.print(this.lists[slot]!)
  }
}
