import type { Lexer, ParseContext, PipeNode } from '../language/index.ts'
import type { Fields, Stage, StageContext } from './stage.ts'

/** A kind of pipe. `names` are its keywords; the first is also the `op` of its nodes. */
export interface Pipe<N extends PipeNode = PipeNode> {
  readonly names: readonly string[]
  /** Reads the pipe; the current token is the one after the keyword. Throws QUERY_SYNTAX. */
  parse(lexer: Lexer, context: ParseContext): N
  /** The fields that it reads, when later steps read `later`. */
  needs(node: N, later: Fields): Fields
  readonly kind: Stage['kind']
  /**
   * For a node that only counts rows, in all (`field` null) or by one field: the state that these counts make. Absent or null for
   * others.
   */
  tally?(node: N): { readonly field: string | null; state(values: readonly string[], counts: Float64Array): unknown } | null
  /** What does the work, for one run of a query in one thread. */
  create(node: N, context: StageContext): Stage
}
