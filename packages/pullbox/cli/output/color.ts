/**
 * Whether a stream gets colours: `--color always` or `never` decide; `auto` colours a terminal unless NO_COLOR is set to
 * anything (no-color.org) or TERM is `dumb`.
 */
export function wantsColor(choice: string | undefined, env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if (choice === 'always') return true
  if (choice === 'never') return false
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false
  return isTTY
}

/** Select Graphic Rendition codes in use: the 16 colours that every terminal has, so that its own palette applies. */
export const SGR = {
  bold: '1',
  dim: '2',
  reverse: '7',
  red: '31',
  green: '32',
  yellow: '33',
  magenta: '35',
  cyan: '36',
  grey: '90',
} as const

/** The text in that rendition, or as it is when `on` is false. The text is ours or has gone through `hostile`. */
export function paint(text: string, how: keyof typeof SGR, on: boolean): string {
  return on ? `\x1b[${SGR[how]}m${text}\x1b[0m` : text
}

/** Letters and colour of each severity (RFC 5424 6.2.1), by number. */
export const SEVERITIES = [
  { word: 'emerg', letters: 'EMG', how: 'magenta' },
  { word: 'alert', letters: 'ALT', how: 'magenta' },
  { word: 'crit', letters: 'CRT', how: 'magenta' },
  { word: 'err', letters: 'ERR', how: 'red' },
  { word: 'warning', letters: 'WRN', how: 'yellow' },
  { word: 'notice', letters: 'NTC', how: 'cyan' },
  { word: 'info', letters: 'INF', how: 'grey' },
  { word: 'debug', letters: 'DBG', how: 'dim' },
] as const satisfies readonly { word: string; letters: string; how: keyof typeof SGR }[]

const OTHER_WORDS: readonly (readonly [string, number])[] = [
  ['emergency', 0],
  ['panic', 0],
  ['critical', 2],
  ['error', 3],
  ['warn', 4],
  ['informational', 6],
]
const BY_WORD = new Map([...SEVERITIES.map((s, i) => [s.word, i] as const), ...OTHER_WORDS] as [string, number][])

/** The number of a severity's word, or -1. */
export function severityNumber(word: string): number {
  return BY_WORD.get(word) ?? -1
}
