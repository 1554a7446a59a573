import type { Values } from './section.ts'
import { median, ratio } from './statistics.ts'

/** One measurement as it was made. */
export interface Result {
  readonly section: string
  readonly daemon: string
  readonly round: number
  readonly values: Values
}

/** All measurements of a run, in the order in which they were made. */
export class Results {
  readonly all: Result[] = []

  add(result: Result): void {
    this.all.push(result)
  }

  /** Names of the daemons measured in a section, in order. */
  daemons(section: string): string[] {
    return [...new Set(this.all.filter((r) => r.section === section).map((r) => r.daemon))]
  }

  /** Names of the values of a section, in order. */
  values(section: string): string[] {
    return [...new Set(this.all.filter((r) => r.section === section).flatMap((r) => Object.keys(r.values)))]
  }

  /** What each round gave. */
  rounds(section: string, daemon: string, value: string): number[] {
    return this.all.filter((r) => r.section === section && r.daemon === daemon).flatMap((r) => r.values[value] ?? [])
  }

  /** The median of the rounds; NaN when it was not measured. */
  median(section: string, daemon: string, value: string): number {
    return median(this.rounds(section, daemon, value))
  }

  /** Ratio of two daemons' medians; NaN when one was not measured. */
  ratio(section: string, value: string, ours: string, theirs: string): number {
    return ratio(this.median(section, ours, value), this.median(section, theirs, value))
  }
}

/** A number for a table: whole with thousands separated from 1,000 on, three significant digits below; `-` for none. */
export function numberText(n: number): string {
  if (Number.isNaN(n)) return '-'
  if (Math.abs(n) >= 1000) return Math.round(n).toLocaleString('en-US')
  if (Number.isInteger(n)) return String(n)
  return Math.abs(n) >= 100 ? String(Math.round(n)) : String(Number(n.toPrecision(3)))
}

/** A table in Markdown whose columns are aligned, so that it reads well as text too. The first column is text, the others numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i]))).join(' | ')} |`
  const rule = `| ${width.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`
}

/** The table of one section: medians, and below them the ratios of `ours` to each other daemon for the main value. */
export function sectionTable(results: Results, section: { name: string; main: string }, ours: string): string {
  const values = results.values(section.name)
  const daemons = results.daemons(section.name)
  if (daemons.length === 0) return '(nothing was measured)\n'
  const rows = daemons.map((d) => [d, ...values.map((v) => numberText(results.median(section.name, d, v)))])
  let out = table(['median of rounds', ...values], rows)
  for (const other of daemons.filter((d) => d !== ours)) {
    const factor = results.ratio(section.name, section.main, ours, other)
    if (!Number.isNaN(factor)) out += `\n${ours} / ${other}, ${section.main}: ${numberText(factor)}`
  }
  const spread = daemons
    .map((d) => [d, ...results.rounds(section.name, d, section.main).map(numberText)])
    .filter((words) => words.length > 1)
    .map((words) => words.join(' '))
  return `${out.trimEnd()}\n\n${section.main}, round by round: ${spread.join('; ')}\n`
}
