import type { Rows } from '../rows.ts'
import type { Matcher } from './matcher.ts'
import type { Selection } from './selection.ts'

const DAY = 86_400e6

/** `_time:...`: microseconds, `since` inclusive, `until` exclusive. */
export class TimeMatcher implements Matcher {
  private readonly since: number
  private readonly until: number

  constructor(since: number, until: number) {
    this.since = since
    this.until = until
  }

  apply(rows: Rows, selected: Selection): void {
    const { time } = rows
    selected.filter((i) => time[i]! >= this.since && time[i]! < this.until)
  }
}

/** `_time:day_range[...]`: the time of the day, after `offset` is taken off; microseconds, `end` exclusive. */
export class DayRangeMatcher implements Matcher {
  private readonly start: number
  private readonly end: number
  private readonly offset: number

  constructor(start: number, end: number, offset: number) {
    this.start = start
    this.end = end
    this.offset = offset
  }

  apply(rows: Rows, selected: Selection): void {
    selected.filter((i) => {
      const time = rows.time[i]! - this.offset
      const inDay = time - Math.floor(time / DAY) * DAY
      return inDay >= this.start && inDay < this.end
    })
  }
}

/** `_time:week_range[...]`: the day of the week (0 = Sunday), after `offset` microseconds are taken off; both inclusive. */
export class WeekRangeMatcher implements Matcher {
  private readonly start: number
  private readonly end: number
  private readonly offset: number

  constructor(start: number, end: number, offset: number) {
    this.start = start
    this.end = end
    this.offset = offset
  }

  apply(rows: Rows, selected: Selection): void {
    selected.filter((i) => {
      // 1970-01-01 was a Thursday
      const day = Math.floor((rows.time[i]! - this.offset) / DAY) + 4
      const weekday = day - Math.floor(day / 7) * 7
      return weekday >= this.start && weekday <= this.end
    })
  }
}
