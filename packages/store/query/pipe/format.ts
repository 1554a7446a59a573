import { durationOf, ipv4Of, parseWord, plainNumber, printDuration, type Lexer, type ParseContext } from '../language/index.ts'
import { compileCondition, filterFields } from './condition.ts'
import { FieldSetter, parseConditional, parseKeep, type DeriveNode } from './derive.ts'
import { parsePlainField, union } from './fields.ts'
import { formatNumber } from './number.ts'
import type { Pipe } from './pipe.ts'
import { parsePlaceholders, type Part } from './placeholders.ts'
import type { Fields, LocalStage } from './stage.ts'
import { formatNanos } from './time.ts'

/** `from` is not used. */
export interface FormatNode extends DeriveNode {
  readonly op: 'format'
  readonly parts: readonly Part[]
  readonly to: string
}

function parse(lexer: Lexer, context: ParseContext): FormatNode {
  return parseConditional(lexer, context, () => {
    const parts = parsePlaceholders(parseWord(lexer, 'a pattern such as "<host>: <_msg>"'))
    const to = lexer.accept('as') ? parsePlainField(lexer) : '_msg'
    return { op: 'format' as const, parts, to, from: to, keep: parseKeep(lexer) }
  })
}

/** Unix time in seconds, milli-, micro- or nanoseconds (told by its size), with a fraction or without; null when it is none. */
function unixNanos(text: string): bigint | null {
  const found = /^(-?)(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text)
  if (found === null) return null
  const whole = BigInt(found[2]!)
  const scale = whole < 100_000_000_000n ? 9 : whole < 100_000_000_000_000n ? 6 : whole < 100_000_000_000_000_000n ? 3 : 0
  const fraction = BigInt((found[3] ?? '').padEnd(9, '0').slice(0, scale) || '0')
  const nanos = whole * 10n ** BigInt(scale) + fraction
  return found[1] === '-' ? -nanos : nanos
}

function fromHex(text: string): string {
  return /^(?:[0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex').toString() : text
}

function fromUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function toUrl(text: string): string {
  const bytes = encodeURIComponent(text.toWellFormed())
  return bytes.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+')
}

function ipText(text: string): string {
  const value = plainNumber(text)
  if (value === null || !Number.isInteger(value) || value < 0 || value >= 2 ** 32) return text
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** What an option of a placeholder makes of a value; a value that it can't read stays as it is. */
const OPTIONS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['q', (text) => JSON.stringify(text)],
  ['uc', (text) => text.toUpperCase()],
  ['lc', (text) => text.toLowerCase()],
  ['urlencode', toUrl],
  ['urldecode', fromUrl],
  ['hexencode', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['hexdecode', fromHex],
  [
    'hexnumencode',
    (text) => (/^\d{1,20}$/.test(text) ? BigInt.asUintN(64, BigInt(text)).toString(16).toUpperCase().padStart(16, '0') : text),
  ],
  ['hexnumdecode', (text) => (/^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`).toString() : text)],
  ['base64encode', (text) => Buffer.from(text).toString('base64')],
  [
    'base64decode',
    (text) =>
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? Buffer.from(text, 'base64').toString() : text,
  ],
  ['ipv4', ipText],
  [
    'time',
    (text) => {
      const nanos = unixNanos(text)
      return nanos === null ? text : formatNanos(nanos)
    },
  ],
  [
    'duration',
    (text) => {
      const nanos = plainNumber(text)
      return nanos === null || !Number.isFinite(nanos) ? text : printDuration(nanos)
    },
  ],
  [
    'duration_seconds',
    (text) => {
      const nanos = durationOf(text)
      return nanos === null ? text : formatNumber(nanos / 1e9)
    },
  ],
  ['ipv4num', (text) => String(ipv4Of(text) ?? text)],
])

function create({ condition, parts, to, keep }: FormatNode): LocalStage {
  const matches = condition === null ? null : compileCondition(condition)
  const changes = parts.map(({ option }) => OPTIONS.get(option) ?? ((text: string) => text))
  return {
    kind: 'local',
    transform: (batch) => {
      const { view, picked } = batch
      const setter = new FieldSetter(batch, keep)
      const columns = parts.map(({ field }) => (field ? view.column(field) : null))
      for (const i of matches === null ? picked : matches(batch)) {
        let out = ''
        for (let p = 0; p < parts.length; p++) {
          out += parts[p]!.literal
          if (parts[p]!.field) out += changes[p]!(columns[p]?.text(i) ?? '')
        }
        setter.set(i, to, out)
      }
      return { view: setter.view(), picked }
    },
  }
}

function needs({ condition, parts }: FormatNode, later: Fields): Fields {
  const read = union(later, new Set(parts.flatMap(({ field }) => field || [])))
  return condition === null ? read : union(read, filterFields(condition))
}

/** `format if (filter) "<a>: <uc:b>" as field`: puts values of a row into one text. */
export const format: Pipe<FormatNode> = { names: ['format'], kind: 'local', parse, needs, create }
