/**
 * What filters and pipes look at: some rows with named fields. A field that a row lacks reads as the empty string, as LogsQL
 * has it. Nothing here is per row until it is asked for.
 */
export interface Rows {
  readonly count: number
  /** Microseconds since 1970, one for each row. The field `_time` is this, printed as RFC 3339 in UTC. */
  readonly time: Float64Array
  /** The field of that name, or null when no row has it. The same object each time. */
  column(name: string): Column | null
  /** Names of all fields that any row may have, or with `picked` any of these rows; may include some that turn out empty. */
  names(picked?: Uint32Array): Iterable<string>
}

/** One field of some rows. */
export interface Column {
  /** The value in row `i`; bytes that are not UTF-8 read as U+FFFD. Empty = missing. */
  text(i: number): string
  /** Present when the field has few distinct values: row `i` has `values[ids[i]]`. A filter then judges each value once. */
  readonly dictionary?: { readonly values: readonly string[]; readonly ids: Uint8Array | Uint16Array | Uint32Array }
  /**
   * Present when the values lie in one piece of memory: row `i` is `bytes[start[i] .. end[i]]`, starts ascending, not overlapping
   * (bytes between the rows belong to no row). A filter may search the whole for a literal and then judge only the rows that hold it.
   */
  readonly arena?: { readonly bytes: Uint8Array; readonly start: Uint32Array; readonly end: Uint32Array }
}
