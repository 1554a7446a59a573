import type { Lexer, ParseContext, PipeNode } from '../language/index.ts'
import type { Fields, Stage, StageContext } from './stage.ts'

/** A kind of pipe. `names` are its keywords; the first is also the `op` of its nodes. */
export interface Pipe<N extends PipeNode = PipeNode> {
  readonly names: readonly string[]
  /** Reads the pipe; the current token is the one after the keyword. Throws QUERY_SYNTAX. */
  parse(lexer: Lexer, context: ParseContext): N
  /** Text that reads back to the same node. */
  print(node: N): string
  /** The fields that it reads, when later steps read `later`. */
  needs(node: N, later: Fields): Fields
  /** What does the work, for one run of a query in one thread. */
  create(node: N, context: StageContext): Stage
}
