import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, chars, FieldType, pattern, READINGS_MOST, repeat, type GivenValues, type Pattern } from './index.ts'

const COUNT = process.env.PULLBOX_PROVE === '1' ? 1000 : 150
const SEED = Number(process.env.PULLBOX_SEED ?? 20261124)
/** Lines are enumerated up to this length. */
const LONGEST = 8

/** The types over two letters, and their texts by another way than the automaton's. */
const LETTER = chars('a-b')
const SMALL = [
  new FieldType('any', repeat(LETTER, 0)),
  new FieldType('some', repeat(LETTER, 1)),
  new FieldType('one', LETTER),
  new FieldType('as', repeat(chars('a'), 0)),
  new FieldType('pairs', repeat(all(LETTER, chars('b')), 0, 2)),
]
const TAKES: Record<string, RegExp> = { any: /^[ab]*$/, some: /^[ab]+$/, one: /^[ab]$/, as: /^a*$/, pairs: /^(?:[ab]b){0,2}$/ }
const LINES = [...linesUpTo(LONGEST)]
const TEXTS = new Map(Object.entries(TAKES).map(([name, pattern_]) => [name, LINES.filter((line) => pattern_.test(line))]))

function* linesUpTo(length: number): Generator<string> {
  for (let n = 0; n <= length; n++) {
    for (let bits = 0; bits < 2 ** n; bits++) yield Array.from({ length: n }, (_, i) => ((bits >> i) & 1 ? 'b' : 'a')).join('')
  }
}

interface Group {
  nodes: Node[]
}

type Node = { text: string } | { name: string; type: string } | Group

function random(seed: number): (below: number) => number {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Random pieces with at most four fields; texts don't stand side by side, and each group has a text or a field of its own. */
function randomNodes(below: (n: number) => number, budget: { fields: number }, depth: number): Node[] {
  const nodes: Node[] = []
  const literal = (): Node => ({ text: LINES[1 + below(14)] })
  for (let i = 1 + below(depth === 0 ? 5 : 3); i > 0; i--) {
    const last = nodes.at(-1)
    const roll = below(10)
    if (roll < 4 && budget.fields < 4) nodes.push({ name: `f${budget.fields++}`, type: SMALL[below(SMALL.length)].name })
    else if (roll < 6 && depth < 2) nodes.push({ nodes: randomNodes(below, budget, depth + 1) })
    else if (last === undefined || !('text' in last)) nodes.push(literal())
  }
  if (depth > 0 && !nodes.some((node) => !('nodes' in node))) nodes.push(literal())
  return nodes
}

function definitionOf(nodes: readonly Node[]): string {
  return nodes
    .map((node) => ('text' in node ? node.text : 'name' in node ? `{${node.name}:${node.type}}` : `[${definitionOf(node.nodes)}]`))
    .join('')
}

/** The flag of a group, null where it has fields of its own. */
function flagOf(nodes: readonly Node[]): string | null {
  if (nodes.some((node) => 'name' in node)) return null
  return nodes.flatMap((node) => ('text' in node ? [node.text] : [])).join('_')
}

/** All flags in the pieces, false: what a group that is not there says of them. */
function flagsIn(nodes: readonly Node[]): Record<string, boolean> {
  const flags: Record<string, boolean> = {}
  for (const node of nodes) {
    if (!('nodes' in node)) continue
    const flag = flagOf(node.nodes)
    if (flag !== null) flags[flag] = false
    Object.assign(flags, flagsIn(node.nodes))
  }
  return flags
}

type Outcome = [line: string, values: GivenValues]

/** Every line of at most `most` characters with every set of values that makes it, straight from the meaning of the pieces. */
function outcomes(nodes: readonly Node[], most: number): Outcome[] {
  const [first, ...rest] = nodes
  if (first === undefined) return [['', {}]]
  return outcomesOf(first, most).flatMap(([line, values]) =>
    outcomes(rest, most - line.length).map(([more, others]): Outcome => [line + more, { ...values, ...others }]),
  )
}

function outcomesOf(node: Node, most: number): Outcome[] {
  if ('text' in node) return node.text.length <= most ? [[node.text, {}]] : []
  if ('name' in node)
    return TEXTS.get(node.type)!
      .filter((text) => text.length <= most)
      .map((text) => [text, { [node.name]: text }])
  const flag = flagOf(node.nodes)
  const absent: Outcome = ['', { ...flagsIn(node.nodes), ...(flag === null ? {} : { [flag]: false }) }]
  const there = outcomes(node.nodes, most).map(([line, values]): Outcome => [line, flag === null ? values : { ...values, [flag]: true }])
  return [absent, ...there]
}

function key(values: GivenValues): string {
  return JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function checkVerdict(compiled: Pattern, byLine: ReadonlyMap<string, readonly GivenValues[]>): 'unambiguous' | 'within' | 'beyond' {
  const verdict = compiled.verdict()
  const collisions = [...byLine].filter(([, readings]) => readings.length > 1).map(([line]) => line.length)
  if (verdict.kind === 'unambiguous') {
    assert.equal(collisions.length, 0, `${compiled.definition} has collisions`)
    return 'unambiguous'
  }
  const [a, b] = verdict.readings
  assert.notEqual(key(a), key(b), compiled.definition)
  assert.equal(compiled.render(a), verdict.line, compiled.definition)
  assert.equal(compiled.render(b), verdict.line, compiled.definition)
  // The shortest collision is the enumeration's too, unless it is longer than what was enumerated.
  const shortest = collisions.length === 0 ? Infinity : Math.min(...collisions)
  if (verdict.line.length <= LONGEST) assert.equal(verdict.line.length, shortest, compiled.definition)
  else assert.equal(shortest, Infinity, compiled.definition)
  return verdict.line.length <= LONGEST ? 'within' : 'beyond'
}

function checkReadings(compiled: Pattern, byLine: ReadonlyMap<string, readonly GivenValues[]>): void {
  for (const line of LINES) {
    const expected = new Set((byLine.get(line) ?? []).map(key))
    const reading = compiled.read(line)
    const where = `${compiled.definition} on ${JSON.stringify(line)}`
    if (expected.size === 0) assert.equal(reading.kind, 'none', where)
    else if (expected.size === 1) {
      assert.ok(reading.kind === 'read', where)
      assert.ok(expected.has(key(reading.values)), where)
    } else {
      assert.ok(reading.kind === 'ambiguous', where)
      const found = new Set(reading.readings.map(key))
      assert.equal(found.size, Math.min(expected.size, READINGS_MOST), where)
      assert.equal(reading.complete, expected.size <= READINGS_MOST, where)
      for (const one of found) assert.ok(expected.has(one), where)
    }
  }
}

test(`the verdict and every reading are those of the exhaustive enumeration (${COUNT} patterns, seed ${SEED})`, (context) => {
  const below = random(SEED)
  const counts = { unambiguous: 0, within: 0, beyond: 0 }
  for (let done = 0; done < COUNT;) {
    const nodes = randomNodes(below, { fields: 0 }, 0)
    const names = definitionOf(nodes).match(/\[/g)?.length ?? 0
    const flags = Object.keys(flagsIn(nodes)).length
    let compiled: Pattern
    try {
      compiled = pattern(definitionOf(nodes), { types: SMALL })
    } catch (error) {
      // Two flags of one name are refused; there are fewer names than groups then.
      assert.ok(error instanceof Error && 'code' in error && error.code === 'PATTERN_NAME_TWICE' && flags < names, String(error))
      continue
    }
    const byLine = new Map<string, GivenValues[]>()
    for (const [line, values] of outcomes(nodes, LONGEST)) {
      const there = byLine.get(line)
      if (there === undefined) byLine.set(line, [values])
      else there.push(values)
    }
    for (const [line, [values]] of byLine) assert.equal(compiled.render(values), line)
    counts[checkVerdict(compiled, byLine)]++
    checkReadings(compiled, byLine)
    done++
  }
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.unambiguous >= COUNT / 10 && counts.within >= COUNT / 10, JSON.stringify(counts))
})

test('a collision that is longer than any enumeration is found and rendered', () => {
  const compiled = pattern('{a:any}abbaabbaabba{b:any}', { types: SMALL })
  const verdict = compiled.verdict()
  assert.ok(verdict.kind === 'ambiguous')
  // The text begins nine letters later as it ends, so that two of them fit into sixteen.
  assert.equal(verdict.line, 'abbaabbaabbaabba')
  for (const reading of verdict.readings) assert.equal(compiled.render(reading), verdict.line)
})
