/** One line of a vector file, without its `expected`. */
export type Case = Readonly<Record<string, unknown>>
export type Answer = (one: Case) => unknown

/**
 * Which exported function answers the cases of a file. Modules are loaded when a file of theirs is asked for. A function that a
 * module does not have (yet) answers null: not built.
 */
const TABLE: Readonly<Record<string, () => Promise<Answer | null>>> = {
  'ipv6.jsonl': async () => withBytes(await from(import('@pullbox/ip'), 'answerIpv6')),
  'rfc5424.jsonl': () => from(import('@pullbox/log/wire'), 'answerRfc5424'),
  'rfc3164.jsonl': () => from(import('@pullbox/log/wire'), 'answerRfc3164'),
  'devices_sc4s.jsonl': () => from(import('@pullbox/log/wire'), 'answerDevices'),
  'framing.jsonl': () => from(import('@pullbox/log/wire'), 'answerFraming'),
  'timestamps.jsonl': () => from(import('@pullbox/log/wire'), 'answerTimestamps'),
  'loose_readers.jsonl': () => from(import('@pullbox/log/wire'), 'answerLoose'),
  'relp.jsonl': () => from(import('@pullbox/log/wire'), 'answerRelp'),
  'cbor.jsonl': async () => withBytes(await from(import('@pullbox/log/record'), 'answerCbor')),
  'logsql.jsonl': logsql,
}

/** Names of the files whose cases are answered. */
export const ANSWERED: readonly string[] = Object.keys(TABLE)

/** Names of the files that vectors/README.md describes and whose parts are not built yet. */
export const NOT_BUILT: readonly string[] = [
  'firewall_bodies.jsonl',
  'sshd.jsonl',
  'xff.jsonl',
  'otlp.jsonl',
  'otlp_protobuf.jsonl',
  'mapwalk.jsonl',
  'logql.jsonl',
  'journal_export.jsonl',
  'loki_push.jsonl',
  'es_bulk.jsonl',
  'relp.jsonl',
  'logfmt.jsonl',
  'json_lines.jsonl',
  'cef_leef.jsonl',
  'kv_cases.jsonl',
].filter((name) => !Object.hasOwn(TABLE, name))

/** The function that answers the cases of the file of that name; null when it is not built. */
export function answerFor(file: string): Promise<Answer | null> | null {
  return Object.hasOwn(TABLE, file) ? TABLE[file]() : null
}

async function from(loading: Promise<object>, name: string): Promise<Answer | null> {
  const found = ((await loading) as Record<string, unknown>)[name]
  if (typeof found !== 'function') return null
  return (one) => (hasInput(one) ? (found as Answer)(one) : null)
}

/** A case gives its input as base64, as text, or as an object in JSON; one without any has no answer. */
function hasInput(one: Case): boolean {
  if (typeof one['input_base64'] === 'string') return true
  const input = one['input']
  return one['input_base64'] === undefined && (typeof input === 'string' || (typeof input === 'object' && input !== null))
}

/** Text is its bytes in UTF-8: so every answer finds what it reads. */
function withBytes(answer: Answer | null): Answer | null {
  if (answer === null) return null
  return (one) => {
    const { input } = one
    if (one['input_base64'] !== undefined || input === undefined) return answer(one)
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    return answer({ ...one, input_base64: Buffer.from(text).toString('base64') })
  }
}

const LOGSQL: Readonly<Record<string, string>> = {
  filter: 'answerFilterCase',
  pipe: 'answerPipeCase',
  parse_ok: 'answerParseCase',
  parse_error: 'answerParseCase',
  compare: 'answerCompareCase',
}

async function logsql(): Promise<Answer | null> {
  const found = new Map<string, Answer>()
  for (const [kind, name] of Object.entries(LOGSQL)) {
    const answer = await from(import('@pullbox/store/query'), name)
    if (answer !== null) found.set(kind, answer)
  }
  if (found.size === 0) return null
  return (one) => found.get(String(one['kind']))?.(one) ?? null
}
