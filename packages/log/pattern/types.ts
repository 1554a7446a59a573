import { Address, format } from '@pullbox/ip'
import { accepts, all, chars, either, except, machineOf, repeat, type Machine, type Range, type Shape } from './regular.ts'

/** What a field holds when it was read: text, or a number where the type is one (bigint past 2^53). Flags are booleans. */
export type FieldValue = string | number | bigint | boolean

/** What may be given to render a field: an address too, which is written by RFC 5952. */
export type GivenValue = FieldValue | Address | undefined

/** A type of field: which texts it takes. A number is written in one way only, so that text and value stand for each other. */
export class FieldType {
  readonly name: string
  readonly numeric: boolean
  readonly #shape: Shape
  #machine: Machine | undefined

  constructor(name: string, shape: Shape, numeric = false) {
    this.name = name
    this.numeric = numeric
    this.#shape = shape
  }

  /** The automaton of its texts; made when it is first asked for. */
  get machine(): Machine {
    this.#machine ??= machineOf(this.#shape)
    return this.#machine
  }

  /** The text of a value, or undefined when it is none of this type. */
  textOf(value: GivenValue): string | undefined {
    if (typeof value === 'boolean' || value === undefined) return undefined
    const text = value instanceof Address ? format(value) : String(value)
    return accepts(this.machine, text) ? text : undefined
  }

  /** The value of a text of this type. */
  valueOf(text: string): FieldValue {
    if (!this.numeric) return text
    const number = Number(text)
    return Number.isSafeInteger(number) ? number : BigInt(text)
  }
}

// Half a surrogate pair before a field that begins with the other half would be joined to one character by rendering. Lone second
// halves can't be joined to anything then; they stand for bytes that are not UTF-8 where a reader keeps these so.
const FIRST_HALVES: Range = [0xd800, 0xdbff]

const DIGIT = chars('0-9')
const ANY = except(FIRST_HALVES)
const NATURAL = either(chars('0'), all(chars('1-9'), repeat(DIGIT, 0)))

function part(): Shape {
  return either(
    DIGIT,
    all(chars('1-9'), DIGIT),
    all(chars('1'), DIGIT, DIGIT),
    all(chars('2'), chars('0-4'), DIGIT),
    all(chars('2'), chars('5'), chars('0-5')),
  )
}

function dotted(): Shape {
  const dot = chars('.')
  return all(part(), dot, part(), dot, part(), dot, part())
}

/** RFC 3986 3.2.2 (IPv6address) with the zone of RFC 4007 11 as @pullbox/ip takes it. */
function groups(): Shape {
  const colon = chars(':')
  const gap = all(colon, colon)
  const group = repeat(chars('0-9', 'a-f', 'A-F'), 1, 4)
  const tail = either(all(group, colon, group), dotted())
  const before = (most: number): Shape => either(all(), all(repeat(all(group, colon), 0, most - 1), group))
  const withGap = [0, 1, 2, 3, 4, 5].map((most) =>
    all(most === 0 ? all() : before(most), gap, repeat(all(group, colon), 5 - most, 5 - most), tail),
  )
  const whole = either(all(repeat(all(group, colon), 6, 6), tail), ...withGap, all(before(6), gap, group), all(before(7), gap))
  const zone = repeat(except([0, 0x20], [0x25, 0x25], [0x2f, 0x2f], [0x7f, 0x7f], [0xd800, 0xdc7f], [0xdd00, 0xdfff]), 1)
  return all(whole, repeat(all(chars('%'), zone), 0, 1))
}

function port(): Shape {
  const digits = (count: number): Shape => repeat(DIGIT, count, count)
  return either(
    chars('0'),
    all(chars('1-9'), repeat(DIGIT, 0, 3)),
    all(chars('1-5'), digits(4)),
    all(chars('6'), chars('0-4'), digits(3)),
    all(chars('6'), chars('5'), chars('0-4'), digits(2)),
    all(chars('6'), chars('5'), chars('5'), chars('0-2'), DIGIT),
    all(chars('6'), chars('5'), chars('5'), chars('3'), chars('0-5')),
  )
}

/** The types that every definition may name; `docs/guides/patterns.md` lists them. */
export const TYPES: readonly FieldType[] = [
  new FieldType('text', repeat(ANY, 0)),
  new FieldType('nonempty', repeat(ANY, 1)),
  new FieldType('char', ANY),
  new FieldType('token', repeat(except([0, 0x20], [0x7f, 0x7f], FIRST_HALVES), 1)),
  new FieldType('word', repeat(chars('a-z', 'A-Z', '0-9', '_', '-', '.'), 1)),
  new FieldType('hex', repeat(chars('0-9', 'a-f', 'A-F'), 1)),
  new FieldType('uint', NATURAL, true),
  new FieldType('int', either(NATURAL, all(chars('-'), chars('1-9'), repeat(DIGIT, 0))), true),
  new FieldType('port', port(), true),
  new FieldType('ip', either(dotted(), groups())),
]
