/** Names of pipes of LogsQL, also those that are not built here: a filter must not start with one unquoted. */
export const PIPE_NAMES: ReadonlySet<string> = new Set(
  (
    'block_stats blocks_count coalesce collapse_nums copy cp decolorize deduplicate del delete drop drop_empty_fields eval extract extract_regexp ' +
    'facets field_names field_values fields filter first format generate_sequence hash head join json_array_concat json_array_len keep last len limit ' +
    'math mv offset order pack_json pack_logfmt query_stats rename replace replace_regexp rm running_stats sample set_stream_fields skip sort split ' +
    'stats stats_remote stream_context time_add top total_stats union uniq unpack_json unpack_logfmt unpack_syslog unpack_words unroll where'
  ).split(' '),
)

/** Names of stats functions of LogsQL, built here or not. */
export const STATS_NAMES: ReadonlySet<string> = new Set(
  (
    'any avg count count_empty count_uniq count_uniq_hash field_max field_min histogram json_values max median min quantile rate rate_sum row_any row_max ' +
    'row_min stddev sum sum_len uniq_values values'
  ).split(' '),
)

/** Names of filters that are written as functions. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(
  (
    'contains_all contains_any contains_common_case eq_field equals_common_case exact i in ipv4_range ipv6_range le_field len_range lt_field range re ' +
    'seq string_range value_type'
  ).split(' '),
)

/** Words that read as something else than a word when they stand at the start of a filter, so that they are printed in quotes. */
export function isReserved(word: string): boolean {
  const low = word.toLowerCase()
  return (
    ['and', 'or', 'not', 'by', 'options', 'offset'].includes(low) || PIPE_NAMES.has(low) || STATS_NAMES.has(low) || FUNCTION_NAMES.has(low)
  )
}
