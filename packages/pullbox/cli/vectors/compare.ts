/** What differs between an answer and an expectation: the field, and both values. */
export interface Difference {
  readonly field: string
  readonly expected: unknown
  readonly actual: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** Fields that are compared, by file, as vectors/README.md lists them; all others are advisory there. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'ipv6.jsonl': ['valid', 'hex', 'normalized', 'zone', 'prefix_length', 'ipv4_mapped'],
  'rfc5424.jsonl': [
    'valid',
    'priority',
    'facility',
    'severity',
    'version',
    'timestamp',
    'hostname',
    'app_name',
    'proc_id',
    'msg_id',
    'structured_data',
    'message',
    'message_base64',
    'message_had_bom',
  ],
  'devices_sc4s.jsonl': ['format', 'priority', 'facility', 'severity', 'hostname'],
  'framing.jsonl': ['frames_base64', 'rest_base64', 'error', 'mode'],
  'timestamps.jsonl': ['timestamp'],
  'loose_readers.jsonl': ['facility', 'severity', 'hostname', 'app_name', 'proc_id', 'msg_id', 'structured_data', 'message', 'version'],
  'relp.jsonl': ['frames', 'rest', 'error', 'frame', 'code', 'replies', 'messages'],
  'cbor.jsonl': ['valid', 'type', 'decoded', 'roundtrip'],
}

/** Files that hold second opinions: a difference is shown and is no failure. */
export const SECOND_OPINIONS: readonly string[] = ['loose_readers.jsonl']

/** Compares by the rules of vectors/README.md, "What `actual` is". Nothing differs where the expectation is left open. */
export function compare(file: string, kind: unknown, expected: unknown, actual: unknown): Difference[] {
  if (!isFields(expected)) return same(expected, actual) ? [] : [{ field: '', expected, actual }]
  const given = isFields(actual) ? actual : {}
  if (file === 'logsql.jsonl') return compareLogsql(kind, expected, given)
  if (file === 'rfc3164.jsonl') return compareRfc3164(expected, given)
  // Null = readers differ, and none of them is right.
  if ('valid' in expected && expected['valid'] === null) return []
  const fields = (FIELDS[file] ?? Object.keys(expected)).filter((f) => f in expected)
  const shown = expected['valid'] === false ? ['valid'] : fields
  return differences(shown, file === 'relp.jsonl' ? withCodes(expected, given) : expected, given)
}

/** `code_one_of` in a reply: the code that was given where it is one of them. */
function withCodes(expected: Fields, actual: Fields): Fields {
  const [wanted, given] = [expected['replies'], actual['replies']]
  if (!Array.isArray(wanted) || !Array.isArray(given)) return expected
  const replies = wanted.map((reply: unknown, i) => {
    if (!isFields(reply) || !Array.isArray(reply['code_one_of'])) return reply
    const { code_one_of: codes, ...rest } = reply
    const answer: unknown = given[i]
    const code = isFields(answer) ? answer['code'] : undefined
    return { ...rest, code: (codes as unknown[]).includes(code) ? code : codes }
  })
  return { ...expected, replies }
}

function differences(fields: readonly string[], expected: Fields, actual: Fields): Difference[] {
  return fields.filter((f) => !same(expected[f], actual[f])).map((f) => ({ field: f, expected: expected[f], actual: actual[f] ?? null }))
}

function compareLogsql(kind: unknown, expected: Fields, actual: Fields): Difference[] {
  if (kind === 'parse_ok') return !('error' in actual) ? [] : [{ field: 'error', expected: null, actual: actual['error'] ?? null }]
  if (kind === 'parse_error') return differences(['error'], { error: true }, actual)
  if (kind === 'pipe') return sameSet(expected['rows'], actual['rows']) ? [] : differences(['rows'], expected, actual)
  return differences(kind === 'compare' ? ['less'] : ['rows'], expected, actual)
}

/** Rows in any order; a row's empty fields are left out. */
function sameSet(expected: unknown, actual: unknown): boolean {
  if (!Array.isArray(expected) || !Array.isArray(actual)) return same(expected, actual)
  const texts = (rows: readonly unknown[]) => rows.map((r) => JSON.stringify(plain(r)) ?? '').toSorted()
  return same(texts(expected), texts(actual))
}

/** Sources split tags differently: see the rule for rfc3164 there. */
function compareRfc3164(expected: Fields, actual: Fields): Difference[] {
  const out = differences(
    ['priority', 'facility', 'severity', 'hostname', 'proc_id'].filter((f) => f in expected),
    expected,
    actual,
  )
  const text = (v: unknown) => (typeof v === 'string' ? v : '')
  const names = [expected['app_name'], expected['program']].filter((v) => v !== undefined && v !== null)
  const app = text(actual['app_name'])
  const tag = text(expected['tag'])
  const named =
    names.length === 0 && tag === ''
      ? true
      : names.includes(app) || (tag !== '' && (app === '' ? text(actual['tag']) === tag : tag.startsWith(app)))
  if (!named) out.push({ field: 'app_name', expected: names[0] ?? tag, actual: app })
  const message = expected['message'] ?? expected['message_raw']
  const bare = (v: unknown) => text(v).replace(/^[:\s]+/, '')
  const own = text(actual['message'])
  // Where the source puts %FACILITY-SEVERITY-MNEMONIC into its tag, its message begins behind it.
  const behind = tag === '' ? own : own.replace(/^%+[^:]*:/, '')
  if (message !== undefined && bare(message) !== bare(own) && bare(message) !== bare(behind))
    out.push({ field: 'message', expected: message, actual: actual['message'] ?? null })
  return out
}

/** Equal values, where null, missing and "" are the same, and whole numbers may be `{"$int"}`. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

function plain(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined
  if (Array.isArray(value)) return value.map((v) => plain(v) ?? null)
  if (!isFields(value)) return typeof value === 'bigint' ? integer(String(value)) : value
  const keys = Object.keys(value)
  if (keys.length === 1 && typeof value['$int'] === 'string') return integer(value['$int'])
  const out: Record<string, unknown> = {}
  for (const key of keys.toSorted()) {
    const v = plain(value[key])
    if (v !== undefined) out[key] = v
  }
  return out
}

function integer(text: string): unknown {
  const n = Number(text)
  return Number.isSafeInteger(n) ? n : { $int: text }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
