import type { Sink } from '../context.ts'
import { hostile } from './hostile.ts'
import { cut, pad, width } from './width.ts'

export interface TableColumn {
  readonly title: string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** May be cut on a terminal that is too narrow; the widest such column gives way first. */
  readonly cuts?: boolean
}

/**
 * Prints rows under titles. On a terminal they are aligned and cut to its width; in a pipe the same columns stand one space
 * of two apart, whole. Cells are escaped here; a cell may be given as bytes.
 */
export async function writeTable(
  sink: Sink,
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | number | Uint8Array | null)[])[],
  reverse = false,
  titles = true,
): Promise<void> {
  const text = (cell: string | number | Uint8Array | null) =>
    cell === null ? '-' : typeof cell === 'number' ? String(cell) : hostile(cell, false)
  const cells = [...(titles ? [columns.map((c) => c.title)] : []), ...rows.map((row) => row.map(text))]
  if (!sink.isTTY) return sink.write(cells.map((row) => `${row.join('  ')}\n`).join(''))
  const widths = fit(
    columns,
    columns.map((_, i) => cells.reduce((most, row) => Math.max(most, width(row[i])), 0)),
    sink.columns,
  )
  const lines = cells.map((row, r) => {
    const line = row.map((cell, i) => {
      const kept = cut(cell, widths[i])
      // Escaped again for reverse video only where nothing was cut: an escape cut in half would end in no reset.
      const raw = titles ? (r > 0 ? rows[r - 1][i] : null) : rows[r][i]
      const shown = reverse && kept === cell && raw !== null && typeof raw !== 'number' ? hostile(raw, true) : kept
      const space = ' '.repeat(Math.max(0, widths[i] - width(kept)))
      return columns[i].right ? space + shown : shown + space
    })
    return `${line.join('  ').trimEnd()}\n`
  })
  await sink.write(lines.join(''))
}

function fit(columns: readonly TableColumn[], widths: readonly number[], room: number): number[] {
  const out = [...widths]
  const used = () => out.reduce((sum, w) => sum + w, 2 * (out.length - 1))
  while (used() > room) {
    let widest = -1
    for (const [i, c] of columns.entries()) if (c.cuts && out[i] > 8 && (widest < 0 || out[i] > out[widest])) widest = i
    if (widest < 0) break
    out[widest] = Math.max(8, out[widest] - (used() - room))
  }
  return out
}

/** Two columns without titles, as in help texts. */
export function pairs(list: readonly (readonly [string, string])[], indent = '  '): string {
  const most = list.reduce((m, [left]) => Math.max(m, width(left)), 0)
  return list.map(([left, right]) => `${indent}${pad(left, most)}  ${right}`.trimEnd() + '\n').join('')
}
