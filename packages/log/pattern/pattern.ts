import { CodedError } from '../errors.ts'
import { automatonOf, type Automaton } from './automaton.ts'
import { parseDefinition, type Piece } from './definition.ts'
import { readLine, type Reading, type Values } from './read.ts'
import { renderLine, type GivenValues } from './render.ts'
import { TYPES, type FieldType } from './types.ts'
import { collisionOf } from './verdict.ts'

/** `readings` are two different ones of `line`, which is as short as such a line can be; both render to it. */
export type Verdict =
  | { readonly kind: 'unambiguous' }
  | { readonly kind: 'ambiguous'; readonly line: string; readonly readings: readonly [Values, Values] }

export interface PatternOptions {
  /** Types beside those of the house; one of the same name comes first. */
  readonly types?: readonly FieldType[]
}

/** A message as one definition: it renders values to a line and reads them from one. */
export class Pattern {
  readonly definition: string
  readonly #types: ReadonlyMap<string, FieldType>
  readonly #pieces: readonly Piece[]
  readonly #automaton: Automaton
  #verdict: Verdict | undefined

  /** As `pattern`. */
  constructor(definition: string, options: PatternOptions = {}) {
    this.definition = definition
    this.#types = new Map([...TYPES, ...(options.types ?? [])].map((type) => [type.name, type]))
    this.#pieces = parseDefinition(definition)
    this.#automaton = automatonOf(this.#pieces, this.#types)
  }

  /**
   * The line of these values. Throws PATTERN_VALUE_MISSING, PATTERN_VALUE_UNKNOWN, or PATTERN_VALUE_TYPE where a value is none of its
   * field's type. That the line has no other reading is promised only by the verdict.
   */
  render(values: GivenValues): string {
    return renderLine(this.#pieces, this.#types, values)
  }

  /** All that the whole line can say; never a guess. Takes time linear in the line, for each line there is. */
  read(line: string): Reading {
    return readLine(this.#automaton, line)
  }

  /** Whether two different sets of values render to the same line. Decided once, when it is first asked. Throws PATTERN_TOO_LARGE. */
  verdict(): Verdict {
    this.#verdict ??= this.#decide()
    return this.#verdict
  }

  #decide(): Verdict {
    const line = collisionOf(this.#automaton)
    if (line === null) return { kind: 'unambiguous' }
    const reading = this.read(line)
    if (reading.kind !== 'ambiguous')
      throw new CodedError('PATTERN_BUG', `the verdict found ${JSON.stringify(line)}, which is read as ${reading.kind}`)
    return { kind: 'ambiguous', line, readings: [reading.readings[0], reading.readings[1]] }
  }
}

/**
 * Compiles a definition: literal text, fields `{name:type}`, optional groups `[...]`. A group without fields of its own is a flag, named
 * by the words of its text (`[invalid user ]` is `invalid_user`). Throws PATTERN_* with the offset of what is wrong.
 */
export function pattern(definition: string, options?: PatternOptions): Pattern {
  return new Pattern(definition, options)
}
