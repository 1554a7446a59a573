/**
 * What a header reader found wrong, by number. The number is stored on disk: a name keeps its place for ever and new ones
 * are added at the end. `docs/formats/syslog.md` says what each means.
 */
export const PROBLEMS = [
  '',
  'pri_missing',
  'pri_empty',
  'pri_not_a_number',
  'pri_out_of_range',
  'pri_leading_zero',
  'pri_unterminated',
  'version_invalid',
  'time_missing',
  'time_invalid',
  'time_skipped_by_zone',
  'time_form',
  'time_ambiguous',
  'host_characters',
  'host_too_long',
  'app_characters',
  'app_too_long',
  'pid_characters',
  'pid_too_long',
  'msgid_characters',
  'msgid_too_long',
  'field_empty',
  'header_incomplete',
  'sd_missing',
  'sd_malformed',
  'sd_duplicate_id',
  'sd_not_closed',
  'tag_ambiguous',
  'no_header',
  'empty',
] as const

/** Name of one of {@link PROBLEMS}. */
export type Problem = (typeof PROBLEMS)[number]

/** Numbers of {@link PROBLEMS}, by name. */
export const PROBLEM = Object.freeze(Object.fromEntries(PROBLEMS.map((name, i) => [name, i]))) as Readonly<Record<Problem, number>>
