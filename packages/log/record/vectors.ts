import { CodedError } from '../errors.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { diagnostic } from './diagnostic.ts'
import { encodeJson } from './json.ts'
import { Double, type Value } from './value.ts'

/** A case of vectors/cbor.jsonl without its expectation. */
export interface CborCase {
  input_base64: string
}

/** What this reader makes of a case; fields as vectors/README.md names them. `error` is ours: the code of the refusal. */
export interface CborAnswer {
  valid: boolean
  type?: string
  decoded?: unknown
  diagnostic?: string
  roundtrip?: boolean
  error?: string
}

const MAJORS = ['uint', 'negint', 'bytes', 'text', 'array', 'map', 'tag']
const SEVENS: Readonly<Record<number, string>> = {
  20: 'false',
  21: 'true',
  22: 'null',
  23: 'undefined',
  25: 'float16',
  26: 'float32',
  27: 'float64',
}

/** Answers one case of vectors/cbor.jsonl. `decoded` is left out where plain JSON has no word for the value, but see `diagnostic`. */
export function answerCbor(one: CborCase): CborAnswer {
  const bytes = new Uint8Array(Buffer.from(one.input_base64, 'base64'))
  let value: Value
  try {
    value = decodeCbor(bytes)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return { valid: false, error: error.code }
  }
  const answer: CborAnswer = { valid: true, type: typeOf(bytes[0]), diagnostic: diagnostic(value) }
  const decoded = plain(value)
  if (decoded !== undefined) answer.decoded = decoded
  answer.roundtrip = Buffer.compare(encodeCbor(value), bytes) === 0
  return answer
}

function typeOf(first: number): string {
  return first < 0xe0 ? MAJORS[first >> 5] : (SEVENS[first & 31] ?? 'simple')
}

/** The value in the JSON of the vectors, which writes whole doubles as plain numbers; undefined where it can't be said so. */
function plain(value: Value): unknown {
  if (value instanceof Double) return value.value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (Array.isArray(value)) {
    const list = (value as Value[]).map(plain)
    return list.includes(undefined) ? undefined : list
  }
  if (!(value instanceof Map)) return JSON.parse(encodeJson(value))
  const entries = [...value].map(([key, one]) => [key, plain(one)] as const)
  const sayable = entries.every(([key, one]) => typeof key === 'string' && one !== undefined)
  return sayable ? Object.fromEntries(entries) : undefined
}
