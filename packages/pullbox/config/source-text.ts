import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'
import type { Problem } from './problem.ts'

/** A configuration file's text may not be larger, in characters. */
const LARGEST = 4 << 20

export type Path = readonly (string | number)[]

/** `inputs[0].options.udp` */
export function pathText(path: Path): string {
  return path.reduce<string>((out, key) => (typeof key === 'number' ? `${out}[${key}]` : out === '' ? key : `${out}.${key}`), '')
}

/** A parsed configuration file that knows where each key stands. */
export interface SourceText {
  /** Plain objects; undefined when the text is empty. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** `file:line:column` of the key's name, or of the item of a list; of what holds it when the key itself is missing. */
  at(path: Path): string
  /** Whether the file holds that key. */
  has(path: Path): boolean
}

/** Reads YAML 1.2, of which JSON is a part. A key given twice, a second document or an unknown tag is a problem, not a guess. */
export function readSourceText(text: string, file: string): SourceText {
  const lines = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  if (text.length > LARGEST) {
    const problem = { code: 'CONFIG_SYNTAX', message: `the file is larger than ${LARGEST} characters`, at: file, hint: '' }
    return { value: undefined, problems: [problem], at: () => file, has: () => false }
  }
  // JSON allows tabs between tokens and none inside them; YAML does not take them as indentation.
  const source = file.endsWith('.json') ? text.replaceAll('\t', ' ') : text
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2', stringKeys: true })
  const problems = [...doc.errors, ...doc.warnings].map((e): Problem => ({
    code: 'CONFIG_SYNTAX',
    message: firstLine(e.message),
    at: place(e.pos[0]),
    hint: '',
  }))
  let value: unknown
  if (problems.length === 0) {
    try {
      value = doc.toJS({ maxAliasCount: 50 })
    } catch (error) {
      problems.push({ code: 'CONFIG_SYNTAX', message: firstLine((error as Error).message), at: file, hint: '' })
    }
  }
  return {
    value: value ?? undefined,
    problems,
    at: (path) => place(offsetOf(doc, path)),
    has: (path) => problems.length === 0 && doc.hasIn(path) && doc.getIn(path) !== undefined,
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0].replace(/:$/, '')
}

function offsetOf(doc: Document, path: Path): number {
  let node: unknown = doc.contents
  let offset = start(node)
  for (const key of path) {
    const found = child(node, key)
    if (found === null) break
    offset = found.offset
    node = found.node
  }
  return offset
}

function child(node: unknown, key: string | number): { node: unknown; offset: number } | null {
  if (isMap(node)) {
    const pair = node.items.find((p) => (isScalar(p.key) ? String(p.key.value) : String(p.key)) === String(key))
    return pair === undefined ? null : { node: pair.value, offset: start(pair.key) }
  }
  if (isSeq(node) && typeof key === 'number' && key < node.items.length) return { node: node.items[key], offset: start(node.items[key]) }
  return null
}

function start(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}
