import { CodedError } from '../errors.ts'
import type { Piece } from './definition.ts'
import type { FieldType, GivenValue } from './types.ts'

/** Values by name; fields of a group that is not there are left out or undefined, flags left out are false. */
export type GivenValues = Readonly<Record<string, GivenValue>>

/** The line of these values. Throws PATTERN_VALUE_MISSING, PATTERN_VALUE_UNKNOWN, PATTERN_VALUE_TYPE. */
export function renderLine(pieces: readonly Piece[], types: ReadonlyMap<string, FieldType>, values: GivenValues): string {
  const used = new Set<string>()
  const line = new Renderer(types, values, used).all(pieces)
  for (const name of Object.keys(values)) {
    if (values[name] !== undefined && !used.has(name)) throw new CodedError('PATTERN_VALUE_UNKNOWN', `the pattern has no "${name}"`)
  }
  return line
}

class Renderer {
  readonly #types: ReadonlyMap<string, FieldType>
  readonly #values: GivenValues
  readonly #used: Set<string>

  constructor(types: ReadonlyMap<string, FieldType>, values: GivenValues, used: Set<string>) {
    this.#types = types
    this.#values = values
    this.#used = used
  }

  all(pieces: readonly Piece[]): string {
    return pieces.map((piece) => this.#one(piece)).join('')
  }

  #one(piece: Piece): string {
    if (piece.kind === 'literal') return piece.text
    if (piece.kind === 'group') return this.#group(piece)
    const value = this.#value(piece.name)
    if (value === undefined) throw new CodedError('PATTERN_VALUE_MISSING', `the value of "${piece.name}" is missing`)
    const text = this.#types.get(piece.type)!.textOf(value)
    if (text === undefined) throw new CodedError('PATTERN_VALUE_TYPE', `the value of "${piece.name}" is no ${piece.type}`)
    return text
  }

  #group(group: Piece & { kind: 'group' }): string {
    if (group.name === null) return this.#given(group.pieces) ? this.all(group.pieces) : ''
    const flag = this.#value(group.name) ?? false
    if (typeof flag !== 'boolean') throw new CodedError('PATTERN_VALUE_TYPE', `the value of "${group.name}" is neither true nor false`)
    if (flag) return this.all(group.pieces)
    if (this.#given(group.pieces))
      throw new CodedError('PATTERN_VALUE_MISSING', `a value is given inside "${group.name}", which is not true`)
    return ''
  }

  /** Whether a value asks for one of these pieces. */
  #given(pieces: readonly Piece[]): boolean {
    let given = false
    for (const piece of pieces) {
      if (piece.kind === 'literal') continue
      // All are looked at, so that each name counts as known.
      if (piece.kind === 'group' && this.#given(piece.pieces)) given = true
      const value = piece.name === null ? undefined : this.#value(piece.name)
      if (value !== undefined && value !== false) given = true
    }
    return given
  }

  #value(name: string): GivenValue {
    this.#used.add(name)
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined
  }
}
