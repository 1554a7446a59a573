// `npm run bench [-- SECTION ...] [--quick] [--rounds N] [--messages N] [--seconds N] [--records N] [--peers a,b] [--dir DIR] [--json] [--write]`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { filters, kill9, store } from './alone.ts'
import { pullbox } from './collector.ts'
import type { Daemon, Ports } from './daemon.ts'
import { freePorts } from './daemon.ts'
import { goalRows } from './goals.ts'
import { memory, tcp, tcpBurst, udpNoLoss, udpOverload, unix } from './ingest.ts'
import { latency } from './latency.ts'
import { benchPage, facts, goalTable } from './page.ts'
import { peerProgram, rsyslog, syslogNg } from './peers.ts'
import { Results, sectionTable } from './results.ts'
import type { Bench, Section, Sizes } from './section.ts'
import { FULL, OURS, QUICK } from './section.ts'

/** In the order in which they run. */
export const SECTIONS: readonly Section[] = [tcp, tcpBurst, unix, udpNoLoss, udpOverload, memory, latency, filters, kill9, store]

interface Peer {
  readonly name: string
  readonly program: 'rsyslogd' | 'syslog-ng'
  readonly start: (dir: string, ports: Ports) => Promise<Daemon>
}

const PEERS: readonly Peer[] = [
  { name: 'rsyslog', program: 'rsyslogd', start: rsyslog },
  { name: 'rsyslog-sync', program: 'rsyslogd', start: (dir, ports) => rsyslog(dir, ports, true) },
  { name: 'syslog-ng', program: 'syslog-ng', start: syslogNg },
]

const OPTIONS = {
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  write: { type: 'boolean' },
  rounds: { type: 'string' },
  messages: { type: 'string' },
  seconds: { type: 'string' },
  records: { type: 'string' },
  peers: { type: 'string' },
  dir: { type: 'string' },
} as const

/** What was asked for. @throws Error that names what is wrong */
export function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const names = SECTIONS.map((s) => s.name)
  const unknown = positionals.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`there is no section "${unknown}"; there are: ${names.join(' ')}`)
  const peers = values.peers?.split(',').filter((name) => name !== '') ?? PEERS.map((p) => p.name)
  const stranger = peers.find((name) => !PEERS.some((p) => p.name === name))
  if (stranger !== undefined) throw new Error(`there is no peer "${stranger}"; there are: ${PEERS.map((p) => p.name).join(' ')}`)
  const base = values.quick === true ? QUICK : FULL
  const size = (name: keyof Sizes): number => {
    const text = values[name]
    if (text === undefined) return base[name]
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} takes a whole number above 0, not "${text}"`)
    return Number(text)
  }
  const sizes: Sizes = { rounds: size('rounds'), messages: size('messages'), seconds: size('seconds'), records: size('records') }
  const sections = positionals.length === 0 ? SECTIONS : SECTIONS.filter((s) => positionals.includes(s.name))
  return { sections, sizes, peers, dir: values.dir ?? tmpdir(), json: values.json === true, write: values.write === true }
}

/** The bench that sections run in: fresh daemons in folders of their own below `dir`, which are removed. */
function benchIn(dir: string, sizes: Sizes, daemons: readonly string[], say: (text: string) => void, record: Bench['record']): Bench {
  const start = async (name: string, at: string, unix: boolean): Promise<Daemon> => {
    const ports = await freePorts(at)
    return name === OURS ? pullbox(at, ports, unix) : PEERS.find((p) => p.name === name)!.start(at, ports)
  }
  const folder = async <T>(use: (at: string) => Promise<T>): Promise<T> => {
    const at = mkdtempSync(join(dir, 'pullbox-bench-'))
    try {
      return await use(at)
    } finally {
      rmSync(at, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  return {
    sizes,
    daemons,
    say,
    record,
    folder,
    with: (name, use, unix = false) =>
      folder(async (at) => {
        const daemon = await start(name, at, unix)
        try {
          return await use(daemon)
        } finally {
          await daemon.stop()
        }
      }),
  }
}

/** Runs the sections asked for; gives the exit status: 1 when one failed. A goal that is not met is a result, not a failure. */
export async function main(args: readonly string[], write: (text: string) => void, complain: (text: string) => void): Promise<number> {
  const { sections, sizes, peers, dir, json, write: keep } = readOptions(args)
  const date = new Date()
  const results = new Results()
  const notes: string[] = []
  const print = json ? complain : write
  const say = (text: string) => {
    notes.push(text)
    complain(`  ${text}\n`)
  }
  const present = PEERS.filter((p) => peers.includes(p.name) && peerProgram(p.program) !== null).map((p) => p.name)
  for (const name of peers.filter((p) => !present.includes(p)))
    say(`LEFT OUT: ${name} is not installed here; its rows, and all that is compared with it, are missing`)
  const known = facts(date, dir, sizes)
  if (json) write(`${JSON.stringify({ type: 'facts', ...known })}\n`)
  else for (const [name, value] of Object.entries(known)) print(`${name.padEnd(10)} ${value}\n`)
  let failed = 0
  for (const section of sections) {
    print(`\n${section.name}: ${section.says}\n`)
    const bench = benchIn(dir, sizes, [OURS, ...present], say, (daemon, round, values) => {
      results.add({ section: section.name, daemon, round, values })
      if (json) write(`${JSON.stringify({ type: 'result', section: section.name, daemon, round, values })}\n`)
    })
    try {
      await section.run(bench)
    } catch (error) {
      failed++
      say(`FAILED: ${section.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    print(sectionTable(results, section, OURS))
  }
  print(`\n${goalTable(results)}`)
  if (json) for (const goal of goalRows(results)) write(`${JSON.stringify({ type: 'goal', ...goal })}\n`)
  if (keep) complain(`bench: ${keepPage(benchPage(results, sections, known, notes), date, sections)}\n`)
  return failed === 0 ? 0 : 1
}

/** Writes the page: `docs/bench/DATE.md` for a whole run, with the names of the sections for a part of one. */
function keepPage(page: string, date: Date, sections: readonly Section[]): string {
  const folder = join(import.meta.dirname, '..', 'docs', 'bench')
  const part = sections.length === SECTIONS.length ? '' : `-${sections.map((s) => s.name).join('-')}`
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${date.toISOString().slice(0, 10)}${part}.md`)
  writeFileSync(file, page)
  return file
}

if (import.meta.main) {
  const out = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(text)
  try {
    process.exitCode = await main(process.argv.slice(2), out(process.stdout), out(process.stderr))
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  }
}
