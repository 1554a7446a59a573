// `node tools/picture.ts TRANSCRIPT > docs/pictures/NAME.svg`: a picture of a terminal from what it showed, colours and all. The
// transcript is what `script -qc COMMAND` kept, one command after another, each after a line that starts with `$ `.
import { readFileSync } from 'node:fs'

const WIDTH = 8.4
const HEIGHT = 19
const MARGIN = 16
const COLUMNS = 118
const ESC = '\u001b'
const COLORS = ['#8b93a3', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0']
const PLAIN = '#d7dae0'
const SEQUENCE = new RegExp(`(${ESC}\\[[0-9;?]*[A-Za-z])`)
const ONE_SEQUENCE = new RegExp(`^${ESC}\\[([0-9;?]*)([A-Za-z])$`)

interface Style {
  color: string
  bold: boolean
  reverse: boolean
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Takes the numbers of one SGR sequence. */
function restyle(style: Style, numbers: readonly number[]): Style {
  let next = style
  for (const n of numbers) {
    if (n === 0) next = { color: PLAIN, bold: false, reverse: false }
    else if (n === 1) next = { ...next, bold: true }
    else if (n === 7) next = { ...next, reverse: true }
    else if (n === 27) next = { ...next, reverse: false }
    else if (n === 39) next = { ...next, color: PLAIN }
    else if (n >= 30 && n <= 37) next = { ...next, color: COLORS[n - 30]! }
    else if (n >= 90 && n <= 97) next = { ...next, color: COLORS[n - 90]! }
  }
  return next
}

/** One line as SVG text; what is longer than the picture is cut, as a terminal that does not wrap does. */
function lineOf(text: string, row: number): string {
  let style: Style = { color: text.startsWith('$ ') ? '#ffffff' : PLAIN, bold: text.startsWith('$ '), reverse: false }
  let column = 0
  let out = ''
  for (const part of text.split(SEQUENCE)) {
    const sequence = ONE_SEQUENCE.exec(part)
    if (sequence !== null) {
      if (sequence[2] === 'm') style = restyle(style, (sequence[1] || '0').split(';').map(Number))
      continue
    }
    const shown = [...part].slice(0, Math.max(0, COLUMNS - column)).join('')
    if (shown === '') continue
    const x = (MARGIN + column * WIDTH).toFixed(1)
    const y = MARGIN + (row + 1) * HEIGHT
    const long = [...shown].length * WIDTH
    if (style.reverse) out += `<rect x="${x}" y="${y - 14}" width="${long.toFixed(1)}" height="${HEIGHT}" fill="${style.color}"/>`
    const fill = style.reverse ? '#1e2127' : style.color
    const weight = style.bold ? ' font-weight="bold"' : ''
    out += `<text x="${x}" y="${y}" fill="${fill}"${weight} textLength="${long.toFixed(1)}" xml:space="preserve">${escapeXml(shown)}</text>\n`
    column += [...shown].length
  }
  return out
}

export function picture(transcript: string): string {
  const lines = transcript.replaceAll('\r', '').replace(/\n+$/, '').split('\n')
  const width = Math.ceil(2 * MARGIN + COLUMNS * WIDTH)
  const height = 2 * MARGIN + (lines.length + 0.4) * HEIGHT
  const text = lines.map((line, row) => lineOf(line, row)).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
<rect width="${width}" height="${height}" rx="8" fill="#1e2127"/>
${text}</svg>
`
}

if (import.meta.main) process.stdout.write(picture(readFileSync(process.argv[2]!, 'utf8')))
