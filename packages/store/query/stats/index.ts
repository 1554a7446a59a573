import type { StatsFunction } from './accumulator.ts'
import { count, countEmpty, rate } from './count.ts'
import { countUniq, countUniqHash, uniqValues } from './distinct.ts'
import { max, min } from './extreme.ts'
import { histogram } from './histogram.ts'
import { jsonValues } from './json_values.ts'
import { median, quantile } from './quantile.ts'
import { rowAny, rowMax, rowMin } from './row.ts'
import { sumLen } from './sum_len.ts'
import { avg, rateSum, sum } from './sum.ts'
import { values } from './values.ts'

export type { Accumulator, StatsContext, StatsFunction, StatsNode } from './accumulator.ts'
export { parseStatsCall, printStatsCall, statsParsers, type StatsCall, type StatsParser } from './parse.ts'

const ALL: readonly StatsFunction[] = [
  count,
  countEmpty,
  countUniq,
  countUniqHash,
  sum,
  avg,
  min,
  max,
  median,
  quantile,
  sumLen,
  rate,
  rateSum,
  rowAny,
  rowMin,
  rowMax,
  uniqValues,
  values,
  jsonValues,
  histogram,
]

/** Function name -> how its values are gathered. */
export const statsFunctions: ReadonlyMap<string, StatsFunction> = new Map(ALL.map((one) => [one.name, one]))
