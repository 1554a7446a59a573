import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { Header, parseHeader, zone } from '@pullbox/log/wire'

/** A numbered stream of pseudo-random integers; the same seed gives the same stream (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
}

/**
 * Messages of real devices (the vectors' inputs that are one line of text), as shapes to vary. Those that carry a sequence number are
 * left out: sent over and over they would look like losses.
 */
export function shapes(): Buffer[] {
  const out: Buffer[] = []
  const read = new Header()
  const context = { received: 0, zone: zone('UTC') }
  for (const file of ['rfc3164.jsonl', 'devices_sc4s.jsonl']) {
    for (const line of readFileSync(join(import.meta.dirname, '..', 'vectors', file), 'utf8').split('\n')) {
      if (line === '') continue
      const bytes = Buffer.from((JSON.parse(line) as { input_base64: string }).input_base64, 'base64')
      parseHeader(bytes, 0, bytes.length, context, read)
      if (
        read.sequence < 0 &&
        bytes.length >= 40 &&
        bytes.length <= 700 &&
        bytes[0] === 0x3c &&
        !bytes.includes(10) &&
        !bytes.includes(0) &&
        !bytes.includes(13)
      )
        out.push(bytes)
    }
  }
  return out
}

export interface Corpus {
  /** The messages one after another, each followed by a line feed. */
  readonly bytes: Buffer
  /** Where each starts; one more than there are messages. A message ends one byte (the line feed) before the next. */
  readonly offset: Uint32Array
  readonly count: number
}

/** What a corpus looks like: device messages just as they are, or what they say behind the header of RFC 3164. */
export type Lines = 'devices' | 'rfc3164'

/** As many as the network had whose lines the design's measurements took. */
const HOSTS = 374
const APPS = 60

/** A header of RFC 3164 as relays and hosts send it: priority, stamp, host, program, process id. */
function header(random: (below: number) => number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const host = random(HOSTS)
  const app = Math.min(random(APPS), random(APPS))
  const stamp = `Nov ${10 + random(15)} ${two(random(24))}:${two(random(60))}:${two(random(60))}`
  return `<${8 * random(24) + random(8)}>${stamp} ${'abcdef'[host % 6]}sw-${host}.site${host % 19} prog${app}[${1000 + random(30_000)}]: `
}

/** What a shape says behind its header. */
function saying(shape: Buffer): Buffer {
  const read = new Header()
  parseHeader(shape, 0, shape.length, { received: 0, zone: zone('UTC') }, read)
  return shape.subarray(read.messageStart)
}

/**
 * Messages made from the shapes of real ones: in each, the digits after the header vary from message to message, so that no two
 * are alike and compression is not flattered. `about` is the average length aimed at: short shapes get words appended.
 */
export function corpus(count: number, seed: number, about = 266, lines: Lines = 'devices'): Corpus {
  const random = randomFrom(seed)
  const plain = lines === 'rfc3164'
  const all = plain ? shapes().map(saying) : shapes()
  const words =
    'interface state changed neighbor session established closed timeout policy rule user admin login success failure retry port link vlan trunk peer route update'.split(
      ' ',
    )
  const out = Buffer.allocUnsafe(count * 800)
  const offset = new Uint32Array(count + 1)
  let at = 0
  for (let i = 0; i < count; i++) {
    const shape = all[random(all.length)]
    offset[i] = at
    if (plain) at += out.write(header(random), at)
    shape.copy(out, at)
    // The first digits of a device's message are priority and time: those that are varied stand behind them.
    for (let k = plain ? 0 : Math.min(40, shape.length >> 1); k < shape.length; k++) {
      const c = out[at + k]
      if (c >= 48 && c <= 57 && random(3) === 0) out[at + k] = 48 + random(10)
    }
    at += shape.length
    while (at - offset[i] < about - 60 && random(8) !== 0) at += out.write(` ${words[random(words.length)]}=${random(100_000)}`, at)
    out[at++] = 10
  }
  offset[count] = at
  return { bytes: out.subarray(0, at), offset, count }
}
