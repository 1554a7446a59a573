import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { refusedSum } from '@pullbox/log/ledger'

import type { ListenerStatus } from '../collector.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'pullbox')
/** A start on a busy machine may take long; no test is decided by it. */
const START_MS = 60_000

/** Exit status after an orderly stop by SIGTERM: 128 + the signal's number. */
export const STOPPED = 143

/** Exit statuses of a start that is refused, as docs/guides/command-line.md has them. */
export const REFUSES = { notAllowed: 5, config: 6, checkFailed: 8 } as const

/** The account of one source as /api/v1/sources gives it. */
export interface SourceLine {
  source: string
  received: number
  stored: number
  duplicate: number
  refused: Record<string, number>
  held: number
  missing: number
}

/** What these tests read of /api/v1/status. */
export interface Status {
  received: number
  stored: number
  refused: number
  held: number
  balanced: boolean
  trouble: { code: string; message: string } | null
  listeners: Pick<ListenerStatus, 'name' | 'type' | 'counters'>[]
}

/** The collector as users run it: `pullbox run` with a configuration file, in a process of its own. */
export class Program {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  /** What it wrote on stderr. */
  said = ''

  private constructor(config: string, as?: number) {
    const user = as === undefined ? {} : { uid: as, gid: as }
    this.child = spawn(PROGRAM, ['run', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'], ...user })
    this.child.stderr?.on('data', (data: Buffer) => (this.said += data.toString()))
    this.ended = new Promise((resolve) => this.child.once('exit', (code) => resolve(code)))
  }

  /** Starts it and waits until it listens; fails with what it said when it ends instead. */
  static async start(config: string): Promise<Program> {
    const program = new Program(config)
    let over = false
    void program.ended.then(() => (over = true))
    const until = performance.now() + START_MS
    while (!/http http:\S+/.test(program.said) || !/tcp \S+:\d+.*\n/.test(program.said)) {
      if (over || performance.now() > until) throw new Error(`pullbox did not start: ${program.said}`)
      await sleep(20)
    }
    return program
  }

  /** Starts it and kills it after so many milliseconds, wherever it is then. */
  static async cutOff(config: string, ms: number): Promise<void> {
    const program = new Program(config)
    await sleep(ms)
    await program.kill()
  }

  /** Runs it, as another user if need be, where it is expected to refuse; its exit status and what it said. */
  static async refused(config: string, as?: number): Promise<{ status: number | null; said: string }> {
    const program = new Program(config, as)
    const status = await program.ended
    return { status, said: program.said }
  }

  port(type: 'udp' | 'tcp'): number {
    return Number(new RegExp(`${type} \\S+:(\\d+)`).exec(this.said)?.[1])
  }

  get http(): string {
    return /http (http:\S+)/.exec(this.said)?.[1] ?? ''
  }

  async status(): Promise<Status> {
    return (await (await fetch(`${this.http}/api/v1/status`)).json()) as Status
  }

  /** The lines of all sources; each balances, or this fails. */
  async sources(): Promise<SourceLine[]> {
    const { sources } = (await (await fetch(`${this.http}/api/v1/sources`)).json()) as { sources: SourceLine[] }
    for (const one of sources) {
      const settled = one.stored + one.duplicate + refusedSum(one as never)
      if (one.received !== settled + one.held || one.held < 0) throw new Error(`does not balance: ${JSON.stringify(one)}`)
    }
    return sources
  }

  /** Looks until `done` says so. */
  async until(done: (status: Status) => boolean, what: string, ms = 60_000): Promise<Status> {
    for (const end = performance.now() + ms; ;) {
      const status = await this.status()
      if (done(status)) return status
      if (performance.now() > end) throw new Error(`${what}: not in time: ${JSON.stringify(status)}`)
      await sleep(50)
    }
  }

  /** Resident memory in bytes: the most that it ever was, and what it is. */
  memory(): { most: number; now: number } {
    const text = readFileSync(`/proc/${this.child.pid}/status`, 'utf8')
    const read = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
    return { most: read('VmHWM'), now: read('VmRSS') }
  }

  /** SIGTERM, as an init system does it; the exit status. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    return this.ended
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }
}

/** A folder for one test, gone after it. */
export function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-program-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a configuration: listeners on free ports of loopback, the store at `store`. JSON is YAML too. */
export function configure(
  dir: string,
  store: string,
  more: { unix?: string; memory?: number; message?: number; udp?: string; tcp?: string } = {},
): string {
  const inputs: object[] = [{ type: 'syslog', options: { udp: more.udp ?? '127.0.0.1:0', tcp: more.tcp ?? '127.0.0.1:0' } }]
  if (more.unix !== undefined) inputs.push({ type: 'unix', options: { path: more.unix } })
  const limits = {
    ...(more.memory === undefined ? {} : { memory: more.memory }),
    ...(more.message === undefined ? {} : { message: more.message }),
  }
  const file = join(dir, 'pullbox.yaml')
  writeFileSync(
    file,
    JSON.stringify({ inputs, store: { type: 'segments', options: { path: store } }, http: { address: '127.0.0.1:0' }, limits }),
  )
  return file
}
