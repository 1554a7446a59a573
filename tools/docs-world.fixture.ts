import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ROOT } from './files.ts'

const START_MS = 60_000
const COMMAND_MS = 60_000
const FOLLOW_MS = 2500

/** A port of this machine that is free for UDP and TCP. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const socket = createSocket('udp6')
    const free = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      socket.bind(port, () => resolve(true))
    })
    socket.close()
    if (free) return port
  }
}

/** What a command printed, standard output and error as they came, and its exit status. */
export interface Ran {
  readonly status: number | null
  readonly printed: string
}

/**
 * A machine on which somebody reads a page: an empty home, a state folder of its own, `pullbox` on PATH, and ports other than the usual ones,
 * which commands and what they print are translated to and from.
 */
export class DocsWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'pullbox-docs-'))
  private readonly syslog: number
  private readonly http: number
  private state = ''
  private running: { child: ChildProcess; ended: Promise<void> } | null = null
  private starts = 0

  private constructor(syslog: number, http: number) {
    this.syslog = syslog
    this.http = http
    for (const name of ['home', 'bin', 'work']) mkdirSync(join(this.folder, name))
    symlinkSync(join(ROOT, 'bin', 'pullbox'), join(this.folder, 'bin', 'pullbox'))
    symlinkSync(join(ROOT, 'vectors'), join(this.folder, 'work', 'vectors'))
    this.newState()
  }

  static async make(): Promise<DocsWorld> {
    return new DocsWorld(await freePort(), await freePort())
  }

  /** Where commands of guides are run. */
  get work(): string {
    return join(this.folder, 'work')
  }

  private newState(): void {
    this.state = join(this.folder, `state${++this.starts}`)
    mkdirSync(this.state)
  }

  private env(): NodeJS.ProcessEnv {
    return {
      PATH: `${join(this.folder, 'bin')}:${process.env.PATH}`,
      HOME: join(this.folder, 'home'),
      USER: userInfo().username,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      STATE_DIRECTORY: this.state,
      PULLBOX_INPUTS: `[{type: syslog, options: {udp: "[::]:${this.syslog}", tcp: "[::]:${this.syslog}"}}]`,
      PULLBOX_HTTP_ADDRESS: `127.0.0.1:${this.http}`,
    }
  }

  /** Runs one command as a reader would, in his shell; a command that follows is interrupted after a moment. */
  async run(command: string, cwd: string, follows = false): Promise<Ran> {
    const child = this.spawn(command, cwd)
    let printed = ''
    child.stdout?.on('data', (data: Buffer) => (printed += data.toString()))
    const timer = setTimeout(() => end(child, follows ? 'SIGINT' : 'SIGKILL'), follows ? FOLLOW_MS : COMMAND_MS)
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
    clearTimeout(timer)
    return { status, printed: this.asOnThePage(printed) }
  }

  private spawn(command: string, cwd: string): ChildProcess {
    const text = command.replaceAll(/\b5514\b/g, String(this.syslog)).replaceAll(/\b8514\b/g, String(this.http))
    return spawn('/bin/sh', ['-c', `exec 2>&1\n${text}`], { cwd, env: this.env(), stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  }

  private asOnThePage(printed: string): string {
    return printed
      .replaceAll(this.state, '/var/lib/pullbox')
      .replaceAll(String(this.syslog), '5514')
      .replaceAll(String(this.http), '8514')
      .replaceAll(new RegExp(`\\b${RegExp.escape(hostname())}\\b`, 'g'), 'vm')
      .replaceAll(new RegExp(`\\b${RegExp.escape(userInfo().username)}\\b`, 'g'), 'root')
  }

  /** Starts a collector by this command, on an empty store, in place of one that ran before; what it printed until it was ready. */
  async start(command: string, cwd: string): Promise<string> {
    await this.stop()
    this.newState()
    const child = this.spawn(command, cwd)
    let printed = ''
    child.stdout?.on('data', (data: Buffer) => (printed += data.toString()))
    this.running = { child, ended: new Promise((resolve) => child.once('close', () => resolve())) }
    for (let i = 0; i < START_MS / 50 && child.exitCode === null; i++) {
      if (printed.includes('  try  ')) return this.asOnThePage(printed)
      await sleep(50)
    }
    throw new Error(`${command} did not start: ${printed}`)
  }

  /** Waits until the collector has stored so many records. */
  async stored(count: number): Promise<void> {
    for (let i = 0; i < 400; i++) {
      const answer = await fetch(`http://127.0.0.1:${this.http}/api/v1/status`)
      if (((await answer.json()) as { stored: number }).stored >= count) return
      await sleep(25)
    }
    throw new Error(`${count} records were not stored in 10 s`)
  }

  /** Sends one message to the collector by UDP and waits until it is stored as the `nth`. */
  async send(text: string, nth: number): Promise<void> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.send(text, this.syslog, '127.0.0.1', () => resolve()))
    socket.close()
    await this.stored(nth)
  }

  async stop(): Promise<void> {
    if (this.running === null) return
    const { child, ended } = this.running
    this.running = null
    end(child, 'SIGTERM')
    await Promise.race([ended, sleep(15_000, undefined, { ref: false })])
    end(child, 'SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Ends a command and what it started: each has a process group of its own. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // All of the group has ended already.
  }
}
