/** The parts of a stamp as text, each as it was sent. */
export interface StampParts {
  /** Month, day and time in the spelling of RFC 3164, where the stamp has these three in that order. */
  timestamp_text?: string
  date?: string
  time?: string
  milliseconds?: string
  timezone?: string
  /** RFC 3339, where the year was sent; without zone if none was sent. */
  timestamp?: string
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const NAMED =
  /^[*.]? ?(?:\w{3},? )?(?:(\d{4}) )?([A-Za-z]{3})( +\d{1,2})(?: (\d{4}))? (\d\d:\d\d:\d\d)(?:[.,](\d+))?(?: (\d{4}))?(?: ?(.+))?$/
const NUMERIC = /^(\d{4})-(\d{1,2}|[A-Za-z]{3})-( ?\d{1,2})(?:[T ]| time=)(\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:\.\d+)?(.*)$/

/** Splits the text of a stamp. A shape without day or month gives nothing. */
export function splitStamp(text: string | undefined): StampParts {
  const named = NAMED.exec(text ?? '')
  if (named !== null) return split(named)
  const numeric = NUMERIC.exec(text ?? '')
  if (numeric === null) return {}
  const [, year, month, day, time, fraction, zone] = numeric
  const number = /^\d/.test(month) ? Number(month) : MONTHS.indexOf(month.toLowerCase()) + 1
  const date = `${year}-${two(number)}-${two(Number(day))}`
  const sub = fraction === undefined ? '' : `.${fraction}`
  return {
    date: `${year}-${month}-${day}`,
    time: time + (zone === '' ? '' : sub + zone),
    milliseconds: fraction,
    timezone: zone.trim() || undefined,
    timestamp: `${date}T${time}${sub}${zone.trim()}`,
  }
}

function split(m: RegExpExecArray): StampParts {
  const [, first, month, day, middle, time, milliseconds, last, timezone] = m
  const year = first ?? middle ?? last
  const name = month[0].toUpperCase() + month.slice(1).toLowerCase()
  const iso = `${year}-${two(MONTHS.indexOf(month.toLowerCase()) + 1)}-${two(Number(day))}T${time}`
  return {
    timestamp_text: `${name}${day} ${time}`,
    date: `${first === undefined ? '' : `${first} `}${month}${day}`,
    time,
    milliseconds,
    timezone,
    timestamp: year === undefined ? undefined : iso + (milliseconds === undefined ? '' : `.${milliseconds}`),
  }
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
