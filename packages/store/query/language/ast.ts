import type { Lexer } from './lexer.ts'

/**
 * The tree of a query: the filter that chooses rows, then pipes. Plain data without cycles; comparable with deep equality.
 */
export interface Query {
  readonly options: QueryOptions
  readonly filter: FilterNode
  readonly pipes: readonly PipeNode[]
  /** The text of each pipe as written, without the `|`. */
  readonly pipeTexts: readonly string[]
}

/** `options(...)` before a query, as given; null or absent = not given. What they do not name applies as it is. */
export interface QueryOptions {
  readonly concurrency?: number
  readonly parallelReaders?: number
  readonly ignoreGlobalTimeFilter?: boolean
  readonly allowPartialResponse?: boolean
  /** Microseconds that every `_time` filter is moved back by. */
  readonly timeOffset?: number
}

/** One pipe. Its parser chooses the other fields; here they are opaque. */
export interface PipeNode {
  readonly op: string
}

/** A set of values: written out, `*` (every value), or the one field of a subquery's rows. */
export type ValueSet =
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | { readonly kind: 'any' }
  | { readonly kind: 'query'; readonly query: Query }

/** One condition of a stream selector `{name="value"}`. */
export interface StreamTag {
  readonly name: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
  /** Present for `in (...)` and `not_in (...)` lists, with op `=` or `!=`. */
  readonly values?: readonly string[]
}

/**
 * A filter. `field` is a field name. Numbers are doubles and bounds inclusive unless said otherwise.
 */
export type FilterNode =
  | { readonly op: 'all' }
  | { readonly op: 'and' | 'or'; readonly filters: readonly FilterNode[] }
  | { readonly op: 'not'; readonly filter: FilterNode }
  /** `word`, `"a phrase"`; the empty phrase = the field is missing or empty. */
  | { readonly op: 'phrase'; readonly field: string; readonly phrase: string }
  /** `word*`; the empty prefix = the field is there. */
  | { readonly op: 'prefix'; readonly field: string; readonly prefix: string }
  | { readonly op: 'any_case_phrase'; readonly field: string; readonly phrase: string }
  | { readonly op: 'any_case_prefix'; readonly field: string; readonly prefix: string }
  | { readonly op: 'exact'; readonly field: string; readonly value: string }
  | { readonly op: 'exact_prefix'; readonly field: string; readonly prefix: string }
  /** `*part*`. */
  | { readonly op: 'substring'; readonly field: string; readonly part: string }
  | { readonly op: 'in' | 'contains_all' | 'contains_any'; readonly field: string; readonly set: ValueSet }
  | { readonly op: 'equals_common_case' | 'contains_common_case'; readonly field: string; readonly values: readonly string[] }
  | { readonly op: 'regexp'; readonly field: string; readonly pattern: string }
  | { readonly op: 'sequence'; readonly field: string; readonly phrases: readonly string[] }
  /** `text`, here and below: as written, in a form that reads back the same. */
  | { readonly op: 'range'; readonly field: string; readonly min: number; readonly max: number; readonly text: string }
  /** `min` inclusive, `max` exclusive, null = open. */
  | { readonly op: 'string_range'; readonly field: string; readonly min: string; readonly max: string | null; readonly text: string }
  /** In Unicode code points. */
  | { readonly op: 'len_range'; readonly field: string; readonly min: number; readonly max: number; readonly text: string }
  | { readonly op: 'ipv4_range'; readonly field: string; readonly min: number; readonly max: number }
  /** 32 hexadecimal digits each. */
  | { readonly op: 'ipv6_range'; readonly field: string; readonly min: string; readonly max: string }
  /** Our extension: an address within a prefix; a value that is no address matches as `phrase` does. */
  | { readonly op: 'ip_prefix'; readonly field: string; readonly prefix: string }
  /** Our extension: severity by rank (0 emerg .. 7 debug), both inclusive. */
  | { readonly op: 'severity_range'; readonly field: string; readonly min: number; readonly max: number; readonly text: string }
  | { readonly op: 'eq_field' | 'le_field' | 'lt_field'; readonly field: string; readonly other: string }
  | { readonly op: 'value_type'; readonly field: string; readonly type: string }
  /** Microseconds since 1970, `since` inclusive, `until` exclusive; may be infinite. */
  | { readonly op: 'time'; readonly since: number; readonly until: number; readonly text: string }
  /** Microseconds after midnight UTC, `start` inclusive, `end` exclusive; `offset` microseconds are taken off a time before it is judged. */
  | { readonly op: 'day_range'; readonly start: number; readonly end: number; readonly offset: number; readonly text: string }
  /** Days from 0 = Sunday, both inclusive. */
  | { readonly op: 'week_range'; readonly start: number; readonly end: number; readonly offset: number; readonly text: string }
  /** `{a="b" or c="d"}`: any of the groups, in which all conditions hold. */
  | { readonly op: 'stream'; readonly groups: readonly (readonly StreamTag[])[] }
  | { readonly op: 'stream_id'; readonly set: ValueSet }

/**
 * Reads one pipe; the current token is the one after the keyword. Leaves the lexer at the token after the pipe (`|`, `)` or the end).
 */
export type PipeParser = (lexer: Lexer, context: ParseContext) => PipeNode

/** Keyword in lower case -> its parser. */
export type PipeParsers = ReadonlyMap<string, PipeParser>

/** What parsers of filters and pipes need beside the lexer. */
export interface ParseContext {
  /** Pipes of this query and its subqueries. */
  readonly pipes: PipeParsers
  /** Names of stats functions, so that `| count() x` is read as `| stats count() x`. */
  readonly statsFunctions: ReadonlySet<string>
  /** Options of this query, with those of the queries around it; absent = none. */
  readonly options?: QueryOptions
}
