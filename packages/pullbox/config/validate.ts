import { didYouMean } from '@pullbox/store'
import type * as z from 'zod'
import type { Problem } from './problem.ts'
import type { ParsedConfig } from './schema.ts'
import { configSchema, KEYS_NOT_BUILT, PATHS_NOT_BUILT, TYPES_BUILT, TYPES_NOT_BUILT } from './schema.ts'
import { pathText } from './source-text.ts'
import type { Path } from './source-text.ts'

/** Where a value came from, for messages. */
export type Where = (path: Path) => string

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** Checks a tree. What is not built is told first, as its keys are known to be right. */
export function validate(tree: unknown, where: Where): { parsed: ParsedConfig | null; problems: Problem[] } {
  const value = tree ?? {}
  if (!isObject(value))
    return {
      parsed: null,
      problems: [
        { code: 'CONFIG_VALUE', message: 'a configuration is a list of keys and values', at: where([]), hint: 'see pullbox config init' },
      ],
    }
  const early = [...notBuilt(value, where), ...unknownTypes(value, where)]
  const result = configSchema.safeParse(value)
  if (result.success) return { parsed: early.length > 0 ? null : result.data, problems: early }
  const said = result.error.issues.flatMap((issue) => describe(issue, [], value, where))
  // A part that is not built is no key of the schema: it was told already. The same holds for the type of an input.
  const seen = new Set(early.map((p) => p.at))
  return { parsed: null, problems: [...early, ...said.filter((p) => !seen.has(p.at))] }
}

function notBuilt(tree: Record<string, unknown>, where: Where): Problem[] {
  const problem = (path: Path, what: string): Problem => ({
    code: 'CONFIG_NOT_BUILT',
    message: `${what} is not built yet`,
    at: where(path),
    hint: 'take the key out',
  })
  const out: Problem[] = []
  for (const key of KEYS_NOT_BUILT) if (tree[key] !== undefined && tree[key] !== null) out.push(problem([key], key))
  eachLeaf(tree, [], (path, value) => {
    const found = PATHS_NOT_BUILT.find(([pattern]) => pattern.test(pathText(path)))
    if (found !== undefined && value !== null) out.push(problem(path, found[1]))
  })
  for (const { kind, path, type } of types(tree)) {
    if ((TYPES_NOT_BUILT[kind] as readonly string[]).includes(type))
      out.push(problem([...path, 'type'], `type ${type} of ${pathText(path)}`))
    else if (kind !== 'store' && isModule(type)) out.push(problem([...path, 'type'], `a module as type of ${pathText(path)}`))
  }
  return out
}

function unknownTypes(tree: Record<string, unknown>, where: Where): Problem[] {
  const out: Problem[] = []
  for (const { kind, path, type } of types(tree)) {
    const built = TYPES_BUILT[kind] as readonly string[]
    const known = [...built, ...TYPES_NOT_BUILT[kind]]
    const near = didYouMean(type, known)
    // A store's type may be the name of an installed package, so only a near miss is an error here.
    if (known.includes(type) || isModule(type) || (kind === 'store' && near === null)) continue
    const message = `"${type}" is no type of ${pathText(path)} (${built.join(', ')})`
    out.push({ code: 'CONFIG_VALUE', message, at: where([...path, 'type']), hint: near === null ? '' : `did you mean "${near}"?` })
  }
  return out
}

type Kind = keyof typeof TYPES_BUILT

function* types(tree: Record<string, unknown>): Generator<{ kind: Kind; path: Path; type: string }> {
  const inputs = Array.isArray(tree['inputs']) ? tree['inputs'] : []
  for (const [i, input] of inputs.entries())
    if (isObject(input) && typeof input['type'] === 'string') yield { kind: 'inputs', path: ['inputs', i], type: input['type'] }
  for (const kind of ['store', 'auth'] as const) {
    const one = tree[kind]
    if (isObject(one) && typeof one['type'] === 'string') yield { kind, path: [kind], type: one['type'] }
  }
}

function isModule(type: string): boolean {
  return /^(?:\.{0,2}\/|file:|@)/.test(type)
}

function eachLeaf(value: unknown, path: Path, visit: (path: Path, value: unknown) => void): void {
  visit(path, value)
  if (path.length > 8) return
  if (Array.isArray(value)) for (const [i, item] of value.entries()) eachLeaf(item, [...path, i], visit)
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) eachLeaf(item, [...path, key], visit)
}

type Issue = z.core.$ZodIssue

function describe(issue: Issue, base: Path, tree: unknown, where: Where): Problem[] {
  const path = [...base, ...issue.path.map((k) => (typeof k === 'number' ? k : String(k)))]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(configSchema, path, tree)
    return issue.keys.map((key) => unknownKey([...path, key], key, known, where))
  }
  if (issue.code === 'invalid_union') {
    const branch = likely(issue.errors, path, tree)
    if (branch !== null) return branch.flatMap((i) => describe(i, path, tree, where))
  }
  const value = valueAt(tree, path)
  const name = pathText(path)
  if (value === undefined) return [{ code: 'CONFIG_VALUE', message: `${name} is missing`, at: where(path), hint: '' }]
  if (issue.code === 'invalid_value') {
    const allowed = issue.values.map(String)
    const near = typeof value === 'string' ? didYouMean(value, allowed) : null
    return [
      {
        code: 'CONFIG_VALUE',
        message: `${name} is one of ${allowed.join(', ')}, not ${shown(value)}`,
        at: where(path),
        hint: near ? `did you mean "${near}"?` : '',
      },
    ]
  }
  return [{ code: 'CONFIG_VALUE', message: `${name}: ${issue.message}`, at: where(path), hint: '' }]
}

function unknownKey(path: Path, key: string, known: readonly string[], where: Where): Problem {
  const near = didYouMean(key, known)
  const hint = near === null ? (known.length > 0 ? `known here: ${known.join(', ')}` : '') : `did you mean "${near}"?`
  return { code: 'CONFIG_UNKNOWN_KEY', message: pathText(path), at: where(path), hint }
}

/** The branch of a union that the value was meant for: the one whose type it has. */
function likely(branches: readonly (readonly Issue[])[], path: Path, tree: unknown): readonly Issue[] | null {
  const value = valueAt(tree, path)
  if (pathText(path) === 'store' && isObject(value))
    return branches[value['type'] === 'segments' || value['type'] === undefined ? 0 : value['type'] === 'memory' ? 1 : 2] ?? null
  return (
    branches.find(
      (issues) =>
        issues.length > 0 && !issues.some((i) => i.path.length === 0 && (i.code === 'invalid_type' || i.code === 'invalid_value')),
    ) ?? null
  )
}

interface Shown {
  shape?: Record<string, unknown>
  element?: unknown
  options?: readonly unknown[]
  unwrap?: () => unknown
  values?: Set<unknown>
}

/** Keys that the schema knows at a path; of a union, those of the members whose literal `type` is the value's. */
function keysAt(schema: unknown, path: Path, tree: unknown): string[] {
  let here = open(schema, tree)
  let value = tree
  for (const key of path) {
    value = isObject(value) || Array.isArray(value) ? (value as Record<string | number, unknown>)[key] : undefined
    here = here.flatMap((s) => open(typeof key === 'number' ? s.element : s.shape?.[key], value))
  }
  return [...new Set(here.flatMap((s) => Object.keys(s.shape ?? {})))]
}

function open(schema: unknown, value: unknown): Shown[] {
  const s = schema as Shown | undefined
  if (s === undefined || s === null) return []
  if (s.shape !== undefined) {
    const type = (s.shape['type'] as Shown | undefined)?.values
    return type === undefined || !isObject(value) || value['type'] === undefined || type.has(value['type']) ? [s] : []
  }
  if (Array.isArray(s.options)) return s.options.flatMap((o) => open(o, value))
  // An array has an `unwrap` too, to its items.
  if (s.element !== undefined) return [s]
  return typeof s.unwrap === 'function' ? open(s.unwrap(), value) : []
}

function valueAt(tree: unknown, path: Path): unknown {
  let value = tree
  for (const key of path) value = isObject(value) || Array.isArray(value) ? (value as Record<string | number, unknown>)[key] : undefined
  return value
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? typeof value
}
