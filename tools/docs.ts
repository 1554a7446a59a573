// How pages are written so that their commands can be run: a block ```sh holds commands, one a line, all of which succeed; a block
// ```console is a session, `$ command` lines and below each what it printed. Other blocks are pictures, and hold no `$ ` lines unless
// they say ```text.

/** A fenced block of a page. */
export interface Block {
  /** What stands behind the fence: `sh`, `console`, `` ... */
  readonly language: string
  /** Number of its first line in the page, from 1. */
  readonly line: number
  readonly lines: readonly string[]
}

/** One command of a block; `printed` is null where the page does not show it. */
export interface Step {
  readonly command: string
  readonly line: number
  readonly printed: readonly string[] | null
}

/** The fenced blocks of a page in Markdown, in order; one that is not closed goes to its end. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: { language: string; line: number; lines: string[]; fence: string } | null = null
  page.split('\n').forEach((text, i) => {
    const fence = /^ {0,3}(`{3,})\s*(\S*)/.exec(text)
    if (open !== null && fence !== null && fence[1].length >= open.fence.length && fence[2] === '') open = null
    else if (open !== null) open.lines.push(text)
    else if (fence !== null) {
      open = { language: fence[2], line: i + 2, lines: [], fence: fence[1] }
      blocks.push(open)
    }
  })
  return blocks
}

/** The commands of a block that is to be run; a command goes on in the next line after a backslash. */
export function stepsOf(block: Block): Step[] {
  if (block.language === 'console') return session(block)
  if (block.language !== 'sh') return []
  const steps: Step[] = []
  let command = ''
  block.lines.forEach((text, i) => {
    command += text
    if (text.endsWith('\\')) command = `${command.slice(0, -1)} `
    else {
      if (!/^\s*(?:#.*)?$/.test(command)) steps.push({ command: command.trim(), line: block.line + i, printed: null })
      command = ''
    }
  })
  return steps
}

function session(block: Block): Step[] {
  const steps: { command: string; line: number; printed: string[] }[] = []
  block.lines.forEach((text, i) => {
    if (text.startsWith('$ ')) steps.push({ command: text.slice(2).trim(), line: block.line + i, printed: [] })
    else steps.at(-1)?.printed.push(text)
  })
  return steps
}

/** Blocks that look like a session and do not say what they are. */
export function unmarked(blocks: readonly Block[]): Block[] {
  return blocks.filter(({ language, lines }) => language === '' && lines.some((text) => text.startsWith('$ ')))
}

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/
const DECIMAL = /(?<![\d.])\d+\.\d+(?![\d.])/
const SIZES = /\d+(?:\.\d+)? (?:of \d+(?:\.\d+)? [kMGTP]?B|[kMGTP]?B free)/
const VARIES = new RegExp(`(?<time>${TIME.source})|(?<sizes>${SIZES.source})|(?<decimal>${DECIMAL.source})`)

/**
 * A pattern for what a page shows as printed. Times, decimal numbers and sizes (`2 of 3 MB`, `2 GB free`) may be others; a line `...` stands for any number of lines.
 * Blank lines at the end do not count.
 */
export function printedPattern(lines: readonly string[]): RegExp {
  const text = lines.join('\n').trimEnd()
  if (text === '') return /^\s*$/
  const parts = text.split('\n').map((line) => (line.trim() === '...' ? '(?:.*\\n)*?' : `${linePattern(line)}\\n`))
  return new RegExp(`^${parts.join('')}\\s*$`)
}

/** The pattern of one line. */
export function linePattern(line: string): string {
  let out = ''
  let rest = line.trimEnd()
  for (let found = VARIES.exec(rest); found !== null; found = VARIES.exec(rest)) {
    const { time, sizes } = found.groups ?? {}
    out += RegExp.escape(rest.slice(0, found.index))
    out += time !== undefined ? TIME.source : sizes !== undefined ? SIZES.source : '\\d+\\.\\d+'
    rest = rest.slice(found.index + found[0].length)
  }
  return `${out}${RegExp.escape(rest)}[ \\t]*`
}

/**
 * The code of a block ```js as a module that checks itself: `expression // literal` at the start of a line has to give that value; what
 * follows the literal after a semicolon is a remark.
 */
export function checkedCode(block: Block): string {
  const line = /^(?!\s|const |import |\/\/)(.+?) \/\/ ('[^']*'|true|false|null|-?\d+(?:\.\d+)?)(?:;.*)?$/
  const body = block.lines.map((text) => text.replace(line, (_, code: string, value: string) => `$same(${code}, ${value})`))
  return `import { deepStrictEqual as $same } from 'node:assert'\n${body.join('\n')}\n`
}
