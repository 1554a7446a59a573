/** One sample of the text format. */
export interface MetricSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/

/**
 * Reads Prometheus text format 0.0.4 and refuses what a strict reader would: a family without HELP and TYPE before its samples, one
 * that comes twice, a bad name, label, escape or number, the same series twice, a counter that is negative.
 */
export function parseMetrics(text: string): MetricSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, { help: boolean; type: string }>()
  const samples: MetricSample[] = []
  const series = new Set<string>()
  let current = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line)
    if (comment !== null) {
      const [, what, name, rest] = comment as unknown as [string, string, string, string]
      if (what === 'HELP') {
        if (families.has(name)) throw new Error(`the family ${name} comes twice`)
        families.set(name, { help: true, type: '' })
        current = name
      } else {
        if (name !== current || !['counter', 'gauge'].includes(rest)) throw new Error(`bad type: ${line}`)
        families.set(name, { help: true, type: rest })
      }
      continue
    }
    const sample = parseSample(line)
    const type = families.get(sample.name)?.type
    if (sample.name !== current || type === undefined || type === '') throw new Error(`a sample outside of its family: ${line}`)
    if (type === 'counter' && !(sample.value >= 0)) throw new Error(`a counter below zero: ${line}`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
    if (series.has(key)) throw new Error(`a series comes twice: ${line}`)
    series.add(key)
    samples.push(sample)
  }
  return samples
}

function parseSample(line: string): MetricSample {
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw new Error(`no name: ${line}`)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = LABEL.exec(rest)
      if (label === null || label[1]! in labels) throw new Error(`bad label: ${line}`)
      labels[label[1]!] = label[2]!.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
      rest = rest.slice(label[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) throw new Error(`bad labels: ${line}`)
    }
    rest = rest.slice(1)
  }
  const number = /^ ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/.exec(rest)?.[1]
  if (number === undefined) throw new Error(`bad value: ${line}`)
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}
