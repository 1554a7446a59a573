import type { PipeParser, PipeParsers } from '../language/index.ts'
import { collapseNums } from './collapse_nums.ts'
import { copy, rename } from './copy.ts'
import { decolorize } from './decolorize.ts'
import { dropEmptyFields } from './drop_empty_fields.ts'
import { extract } from './extract.ts'
import { extractRegexp } from './extract_regexp.ts'
import { facets } from './facets.ts'
import { fieldNames } from './field_names.ts'
import { fields, remove } from './fields_pipe.ts'
import { filter } from './filter_pipe.ts'
import { format } from './format.ts'
import { jsonArrayLen, len } from './len.ts'
import { limit, offset } from './limit.ts'
import { math } from './math.ts'
import { packJson, packLogfmt } from './pack.ts'
import type { Pipe } from './pipe.ts'
import { replace } from './replace.ts'
import { replaceRegexp } from './replace_regexp.ts'
import { first, last, sort } from './sort.ts'
import { sample } from './sample.ts'
import { stats } from './stats.ts'
import { top } from './top.ts'
import { fieldValues, uniq } from './uniq.ts'
import { unpackJson } from './unpack_json.ts'
import { unpackLogfmt } from './unpack_logfmt.ts'
import { unpackSyslog } from './unpack_syslog.ts'
import { unpackWords } from './unpack_words.ts'
import { unroll } from './unroll.ts'

export * from './chunk.ts'
export type { Pipe } from './pipe.ts'
export * from './stage.ts'
export * from './view.ts'
export { Sorter } from './sorter.ts'
export * from './runs.ts'
export * from './order.ts'
export { collect, type RowList } from './concat.ts'

// each pipe reads only nodes that its own parser made
const ALL = [
  fields,
  remove,
  rename,
  copy,
  limit,
  offset,
  sort,
  first,
  last,
  uniq,
  top,
  stats,
  filter,
  len,
  replace,
  fieldNames,
  fieldValues,
  dropEmptyFields,
  decolorize,
  facets,
  extract,
  format,
  collapseNums,
  jsonArrayLen,
  packJson,
  packLogfmt,
  unpackJson,
  unpackLogfmt,
  unpackWords,
  unroll,
  math,
  unpackSyslog,
  sample,
  extractRegexp,
  replaceRegexp,
] as unknown as readonly Pipe[]

/** `op` of a node -> its pipe. */
export const pipes: ReadonlyMap<string, Pipe> = new Map(ALL.map((pipe) => [pipe.names[0]!, pipe]))

/** Keyword in lower case -> parser, for `parseQuery`. */
export const pipeParsers: PipeParsers = new Map<string, PipeParser>(
  ALL.flatMap((pipe) => pipe.names.map((name) => [name, (lexer, context) => pipe.parse(lexer, context)] as const)),
)
