import { CodedError } from '@pullbox/log/errors'
import { didYouMean } from './did-you-mean.ts'

/** One thing that a schema finds wrong; zod's issues have this shape. */
export interface OptionIssue {
  readonly message: string
  readonly path: readonly PropertyKey[]
  readonly code?: string
  /** Keys that the schema does not know (code `unrecognized_keys`). */
  readonly keys?: readonly string[]
  /** Allowed values (code `invalid_value`). */
  readonly values?: readonly unknown[]
}

/**
 * What the registry asks of an options schema; a zod schema is one. With `shape` (and `unwrap` or `element` on the way to it), as zod
 * objects have, unknown keys get a suggestion.
 */
export interface OptionsSchema<Options> {
  safeParse(input: unknown): { success: true; data: Options } | { success: false; error: { readonly issues: readonly OptionIssue[] } }
}

/**
 * The options as the schema gives them back, defaults filled in.
 * @throws CodedError STORE_DRIVER_OPTIONS naming each wrong key with its path from `options`, what is allowed, and what was meant
 */
export function checkOptions<Options>(driver: string, schema: OptionsSchema<Options>, given: unknown): Options {
  const result = schema.safeParse(given ?? {})
  if (result.success) return result.data
  const said = result.error.issues.slice(0, 8).flatMap((issue) => describe(issue, schema, given))
  const more = result.error.issues.length > 8 ? `; and ${result.error.issues.length - 8} more` : ''
  throw new CodedError('STORE_DRIVER_OPTIONS', `driver "${driver}": ${said.map((one) => `${one.at}: ${one.what}`).join('; ')}${more}`, {
    at: said[0]?.at ?? 'options',
    hint: said.find((one) => one.hint !== '')?.hint ?? '',
  })
}

interface Said {
  at: string
  what: string
  hint: string
}

function describe(issue: OptionIssue, schema: unknown, given: unknown): Said[] {
  const at = pathText(issue.path)
  if (issue.code === 'unrecognized_keys' && issue.keys !== undefined) {
    const known = keysAt(schema, issue.path)
    return issue.keys.map((key) => unknownKey(pathText([...issue.path, key]), key, known))
  }
  const value = valueAt(given, issue.path)
  if (issue.values !== undefined) {
    const allowed = issue.values.map(String)
    const meant = typeof value === 'string' ? didYouMean(value, allowed) : null
    const what = `${show(value)} is not allowed; allowed: ${allowed.join(', ')}`
    return [
      { at, what: meant === null ? what : `${what}; did you mean "${meant}"?`, hint: meant === null ? '' : `did you mean "${meant}"?` },
    ]
  }
  return [{ at, what: value === undefined ? `missing or wrong: ${issue.message}` : issue.message, hint: '' }]
}

function unknownKey(at: string, key: string, known: readonly string[]): Said {
  const meant = didYouMean(key, known)
  const hint = meant === null ? '' : `did you mean "${meant}"?`
  const list = known.length === 0 ? '' : `; known: ${known.join(', ')}`
  return { at, what: `unknown key${hint === '' ? '' : `, ${hint}`}${list}`, hint }
}

function pathText(path: readonly PropertyKey[]): string {
  let text = 'options'
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : `.${String(key)}`
  return text
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

/** Walks a schema as far as it shows its inside; what it does not show has no known keys. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let here = inner(schema)
  for (const key of path) here = inner(typeof key === 'number' ? here?.element : here?.shape?.[String(key)])
  return Object.keys(here?.shape ?? {})
}

interface Shown {
  shape?: Record<string, unknown>
  element?: unknown
  unwrap?: () => unknown
}

function inner(schema: unknown): Shown | undefined {
  let here = schema as Shown | undefined
  // An optional of a default of an object: a few wrappers, never endless.
  for (
    let i = 0;
    i < 8 && here !== undefined && here.shape === undefined && typeof here.unwrap === 'function' && here.element === undefined;
    i++
  ) {
    here = here.unwrap() as Shown | undefined
  }
  return here
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value)
}
