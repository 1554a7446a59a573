import type { Matcher } from './matcher.ts'

const DAY = 86_400e6

/** Keeps rows whose time (microseconds since 1970) passes. */
function onTime(inside: (time: number) => boolean): Matcher {
  return { apply: ({ time }, selected) => selected.filter((i) => inside(time[i]!)) }
}

/** `_time:...`: microseconds, `since` inclusive, `until` exclusive. */
export function timeMatcher(since: number, until: number): Matcher {
  return onTime((time) => time >= since && time < until)
}

/** `_time:day_range[...]`: the time of the day, after `offset` is taken off; microseconds, `end` exclusive. */
export function dayRangeMatcher(start: number, end: number, offset: number): Matcher {
  return onTime((time) => {
    const inDay = time - offset - Math.floor((time - offset) / DAY) * DAY
    return inDay >= start && inDay < end
  })
}

/** `_time:week_range[...]`: the day of the week (0 = Sunday), after `offset` microseconds are taken off; both inclusive. */
export function weekRangeMatcher(start: number, end: number, offset: number): Matcher {
  return onTime((time) => {
    // 1970-01-01 was a Thursday
    const day = Math.floor((time - offset) / DAY) + 4
    const weekday = day - Math.floor(day / 7) * 7
    return weekday >= start && weekday <= end
  })
}
