import assert from 'node:assert/strict'
import { test } from 'node:test'

import { encodeRelp, readOffers, readResponse, RelpClient, RelpDecoder, RelpServer } from '@pullbox/log/wire'
import type { RelpClientEvents, RelpServerOptions } from '@pullbox/log/wire'

import { randomOf } from '../fuzz.fixture.ts'

const OPEN = '1 open 30 relp_version=0\ncommands=syslog\n'
const ROUNDS = process.env.PULLBOX_PROVE === '1' ? 20_000 : 400

/** A server with what it was given and what it answered, in clear. */
class ServerSide {
  readonly messages: string[] = []
  readonly server: RelpServer

  constructor(options: RelpServerOptions = {}) {
    this.server = new RelpServer(options)
  }

  receive(text: string): number {
    const bytes = Buffer.from(text)
    return this.server.receive(bytes, 0, bytes.length, (number, data, start, end) => {
      assert.equal(number, this.messages.length)
      this.messages.push(Buffer.from(data.slice(start, end)).toString())
    })
  }

  output(): string {
    return Buffer.from(this.server.takeOutput()).toString()
  }
}

function opened(options: RelpServerOptions = {}): ServerSide {
  const side = new ServerSide(options)
  side.receive(OPEN)
  assert.match(side.output(), /^1 rsp \d+ 200 OK\nrelp_version=0\nrelp_software=pullbox\ncommands=syslog\n$/)
  return side
}

test('server: a message is answered when it is settled, never before, in any order', () => {
  const side = opened()
  side.receive('2 syslog 1 a\n3 syslog 1 b\n4 syslog 0\n5 syslog 1 d\n')
  assert.deepEqual(side.messages, ['a', 'b', '', 'd'])
  assert.equal(side.output(), '')
  side.server.settle(2)
  assert.equal(side.output(), '4 rsp 6 200 OK\n')
  side.server.settle(2)
  side.server.settle(99)
  assert.equal(side.output(), '', 'settled once, answered once')
  side.server.refuse(0, 'disk\nfull')
  assert.equal(side.output(), '2 rsp 13 500 disk full\n')
  side.server.settleBefore(4)
  assert.equal(side.output(), '3 rsp 6 200 OK\n5 rsp 6 200 OK\n')
  side.receive('6 syslog 1 e\n7 syslog 1 f\n8 syslog 1 g\n')
  side.server.settleBefore(5)
  assert.equal(side.output(), '6 rsp 6 200 OK\n', 'those before the number, and not that one')
  side.server.settleBefore(7)
  side.output()
  const { messages, acknowledged, refusals, outstanding } = side.server
  assert.deepEqual([messages, acknowledged, refusals, outstanding], [7, 6, 1, 0])
})

test('server: close is answered behind the last message', () => {
  const side = opened()
  side.receive('2 syslog 1 a\n3 syslog 1 b\n4 close 0\n5 syslog 1 x\n')
  assert.deepEqual(side.messages, ['a', 'b'])
  side.server.settle(1)
  assert.equal(side.output(), '3 rsp 6 200 OK\n')
  assert.ok(!side.server.ended)
  side.server.settle(0)
  assert.equal(side.output(), '2 rsp 6 200 OK\n4 rsp 6 200 OK\n')
  assert.ok(side.server.ended)
  assert.equal(side.server.problem, null)
})

test('server: a full window stops reading, at the frame that filled it', () => {
  const side = opened({ window: 2 })
  const text = '2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n'
  assert.equal(side.receive(text), 26)
  assert.ok(side.server.full)
  assert.equal(side.receive(text.slice(26)), 0)
  side.server.settle(0)
  assert.equal(side.receive(text.slice(26)), 13)
  assert.deepEqual(side.messages, ['a', 'b', 'c'])
  // Answers that nobody takes bound it too.
  const deaf = opened()
  const noise = '2 starttls 0\n'.repeat(10_000)
  assert.ok(deaf.receive(noise) < noise.length)
  assert.ok(deaf.server.pending < 70_000)
})

test('server: what is wrong ends the session; what came before is still answered', () => {
  const cases: [string, string][] = [
    ['3 syslog 1 ab\n', 'framing'],
    ['3 open 14 relp_version=0\n', 'opened_twice'],
    ['0 syslog 1 b\n', 'txnr_zero'],
    ['2 syslog 1 b\n', 'txnr_in_use'],
    ['2 close 0\n', 'txnr_in_use'],
    ['3 rsp 6 200 OK\n', 'unexpected_response'],
    ['0 abort 0\n', 'aborted'],
  ]
  for (const [text, problem] of cases) {
    const side = opened()
    side.receive(`2 syslog 1 a\n${text}9 syslog 1 z\n`)
    assert.equal(side.server.problem, problem)
    assert.deepEqual(side.messages, ['a'])
    assert.doesNotMatch(side.output(), /200|serverclose/, problem)
    assert.ok(!side.server.ended)
    side.server.settle(0)
    assert.equal(side.output(), '2 rsp 6 200 OK\n0 serverclose 0\n')
    assert.ok(side.server.ended)
  }
})

test('server: open comes first and names a version', () => {
  const cases: [string, string, RegExp][] = [
    ['1 syslog 3 abc\n', 'not_open', /^1 rsp 26 500 open the session first\n0 serverclose 0\n$/],
    ['1 eventlog 0\n', 'not_open', /^1 rsp 19 500 unknown command\n/],
    ['1 open 0\n', 'offers', /^1 rsp \d+ 500 relp_version is missing or no number\n/],
    ['1 open 14 relp_version=x\n', 'offers', /500/],
    [`1 open 40000 relp_version=0${'\n'.repeat(39_986)}\n`, 'offers', /500 the offers are too long/],
  ]
  for (const [text, problem, answer] of cases) {
    const side = new ServerSide()
    side.receive(text)
    assert.equal(side.server.problem, problem)
    assert.match(side.output(), answer)
    assert.ok(side.server.ended)
    assert.deepEqual(side.messages, [])
  }
  const newer = new ServerSide()
  newer.receive('1 open 32 relp_version=9\ncommands=eventlog\n2 syslog 1 a\n')
  assert.match(newer.output(), /^1 rsp \d+ 200 OK\nrelp_version=1\nrelp_software=pullbox\n2 rsp 26 500 syslog was not offered\n$/)
  assert.deepEqual(newer.messages, [])
})

test('server: shutdown answers what it took, abort answers nothing more', () => {
  const side = opened()
  side.receive('2 syslog 1 a\n3 syslog 1 b\n')
  side.server.shutdown()
  assert.equal(side.receive('4 syslog 1 c\n'), 0)
  side.server.settle(1)
  assert.equal(side.output(), '3 rsp 6 200 OK\n')
  side.server.abort()
  side.server.settle(0)
  assert.equal(side.output(), '0 serverclose 0\n')
  const { messages, acknowledged, refusals, abandoned, outstanding } = side.server
  assert.deepEqual([messages, acknowledged, refusals, abandoned, outstanding], [2, 1, 0, 1, 0])
  const idle = opened()
  idle.server.shutdown()
  assert.equal(idle.output(), '0 serverclose 0\n')
  assert.ok(idle.server.ended)
})

/** A client with what it was told, in clear. */
class ClientSide implements RelpClientEvents {
  readonly told: string[] = []
  readonly client: RelpClient

  constructor(options = {}) {
    this.client = new RelpClient(this, options)
  }

  acknowledged(number: number): void {
    this.told.push(`+${number}`)
  }

  refused(number: number, code: number, reason: string, bytes: Uint8Array): void {
    this.told.push(`-${number} ${code} ${reason} ${Buffer.from(bytes).toString()}`)
  }

  send(text: string): number {
    return this.client.send(Buffer.from(text))
  }

  receive(text: string): void {
    const bytes = Buffer.from(text)
    this.client.receive(bytes, 0, bytes.length)
  }

  output(): string {
    return Buffer.from(this.client.takeOutput()).toString()
  }

  open(): void {
    this.client.connected()
    assert.match(this.output(), /^1 open 52 relp_version=0\nrelp_software=pullbox\ncommands=syslog\n$/)
    this.receive(ANSWER)
  }
}

const ANSWER = '1 rsp 37 200 OK\nrelp_version=0\ncommands=syslog\n'

test('client: messages wait for the open session, and for a place in the window', () => {
  const side = new ClientSide({ window: 3 })
  assert.deepEqual([side.send('a'), side.send('b'), side.send('c'), side.send('d')], [0, 1, 2, -1])
  side.open()
  assert.equal(side.output(), '2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n')
  side.receive('3 rsp 6 200 OK\n2 rsp 8 500 full\n')
  assert.deepEqual(side.told, ['+1', '-0 500 full a'])
  assert.equal(side.send('d'), 3)
  assert.equal(side.output(), '5 syslog 1 d\n')
  const small = new ClientSide({ windowBytes: 4 })
  assert.deepEqual([small.send('longer'), small.send('')], [0, -1])
  assert.throws(() => new ClientSide({ limit: 2 }).send('abc'), { code: 'WIRE_RELP_INVALID' })
})

test('client: what has no answer is sent again on the next connection, in order, before anything new', () => {
  const side = new ClientSide()
  side.open()
  const given = Buffer.from('a')
  side.client.send(given)
  given.fill(0x78)
  for (const text of ['b', 'c']) side.send(text)
  side.output()
  side.receive('3 rsp 6 200 OK\n0 serverclose 0\n')
  assert.ok(side.client.ended)
  assert.equal(side.client.problem, 'serverclose')
  side.send('d')
  side.client.disconnected()
  side.open()
  assert.equal(side.output(), '2 syslog 1 a\n3 syslog 1 c\n4 syslog 1 d\n')
  assert.deepEqual([side.client.resent, side.client.unacknowledged, side.client.problem], [2, 3, null])
})

test('client: close waits for the last answer, on whatever connection it comes', () => {
  const side = new ClientSide()
  side.open()
  side.send('a')
  side.client.close()
  assert.equal(side.send('b'), -1)
  assert.equal(side.output(), '2 syslog 1 a\n')
  side.client.disconnected()
  assert.ok(!side.client.done)
  side.open()
  side.output()
  side.receive('2 rsp 6 200 OK\n')
  assert.equal(side.output(), '3 close 0\n')
  assert.ok(!side.client.done)
  side.receive('3 rsp 6 200 OK\n0 serverclose 0\n')
  assert.ok(side.client.done && side.client.ended)
  const never = new ClientSide()
  never.client.close()
  assert.ok(never.client.done)
})

test('client: a server that is none ends the connection, and loses nothing', () => {
  const before: [string, string][] = [
    ['1 rsp 8 500 busy\n', 'open_refused'],
    ['1 rsp 6 200 OK\n', 'version'],
    ['1 rsp 21 200 OK\nrelp_version=7\n', 'version'],
    ['1 rsp 21 200 OK\nrelp_version=0\n', 'no_syslog'],
    ['1 rsp 2 OK\n', 'response'],
    ['2 rsp 6 200 OK\n', 'unknown_txnr'],
    ['1 syslog 1 a\n', 'unexpected_command'],
    ['HTTP/1.1 400\r\n', 'framing'],
    ['0 abort 0\n', 'serverclose'],
  ]
  for (const [text, problem] of before) {
    const side = new ClientSide()
    side.send('a')
    side.client.connected()
    side.receive(text + ANSWER)
    assert.equal(side.client.problem, problem, text)
    assert.ok(side.client.ended && !side.client.done)
    assert.equal(side.client.unacknowledged, 1)
    side.client.disconnected()
    side.client.takeOutput()
    side.open()
    assert.equal(side.output(), '2 syslog 1 a\n')
  }
})

test('client: the transaction number goes round, and one in use is not given again', () => {
  const side = new ClientSide({ lastTxnr: 4 })
  side.open()
  for (const text of ['a', 'b', 'c', 'd', 'e']) side.send(text)
  assert.equal(side.output(), '2 syslog 1 a\n3 syslog 1 b\n4 syslog 1 c\n1 syslog 1 d\n')
  side.receive('3 rsp 6 200 OK\n')
  assert.equal(side.output(), '')
  side.receive('2 rsp 6 200 OK\n')
  assert.equal(side.output(), '2 syslog 1 e\n')
  side.receive('2 rsp 6 200 OK\n4 rsp 6 200 OK\n1 rsp 6 200 OK\n')
  assert.deepEqual(side.told, ['+1', '+0', '+4', '+2', '+3'])
})

test('both: over connections that break anywhere, all that is acknowledged was settled, and all is delivered in the end', () => {
  const random = randomOf('relp sessions')
  for (let round = 0; round < ROUNDS; round++) {
    const total = random.below(40)
    const settled = new Set<string>()
    const acknowledged = new Set<number>()
    const client = new RelpClient(
      {
        acknowledged: (n) => {
          assert.ok(settled.has(`m${n}`), 'acknowledged before it was settled')
          assert.ok(!acknowledged.has(n))
          acknowledged.add(n)
        },
        refused: (_n, _code, _reason, bytes) => void lost.push(bytes),
      },
      { window: 1 + random.below(10), lastTxnr: 3 + random.below(30) },
    )
    const lost: Uint8Array[] = []
    let next = 0
    for (let connection = 0; !client.done; connection++) {
      assert.ok(connection < 200, 'it ends')
      next = converse({ client, settled, total, next, breaks: connection < 100, below: (n) => random.below(n) })
      client.disconnected()
    }
    assert.equal(acknowledged.size, total)
    assert.equal(settled.size, total)
    assert.deepEqual(lost, [])
    assert.equal(client.held, 0)
  }
})

interface Conversation {
  client: RelpClient
  settled: Set<string>
  total: number
  next: number
  breaks: boolean
  below: (limit: number) => number
}

/** One connection: bytes go both ways in pieces, messages are settled in any order, and it may be cut at each step. */
function converse({ client, settled, total, next, breaks, below }: Conversation): number {
  const server = new RelpServer({ window: 1 + below(6) })
  const held = new Map<number, string>()
  let up = Buffer.alloc(0)
  let down = Buffer.alloc(0)
  client.connected()
  while (!client.ended && !client.done && !(breaks && below(60) === 0)) {
    if (next < total && client.send(Buffer.from(`m${next}`)) >= 0) next++
    if (next === total) client.close()
    up = Buffer.concat([up, client.takeOutput()])
    const size = Math.min(up.length, below(50))
    const read = server.receive(up, 0, size, (n, data, start, end) => void held.set(n, Buffer.from(data.slice(start, end)).toString()))
    up = up.subarray(read)
    assert.ok(server.outstanding === held.size && held.size <= 6)
    for (const [n, text] of held) {
      if (below(3) > 0) continue
      held.delete(n)
      settled.add(text)
      server.settle(n)
    }
    down = Buffer.concat([down, server.takeOutput()])
    down = down.subarray(client.receive(down, 0, Math.min(down.length, below(50))))
  }
  assert.equal(server.problem, null)
  return next
}

test('any bytes to either side: nothing throws, and no 200 without a settled message', () => {
  const random = randomOf('relp hostile')
  const seeds = [
    `${OPEN}2 syslog 3 abc\n3 syslog 0\n4 close 0\n`,
    `${OPEN}2 starttls 0\n2 syslog 1 a\n2 syslog 1 b\n0 abort 0\n`,
    `${ANSWER}2 rsp 6 200 OK\n3 rsp 7 500 NOK\n0 serverclose 0\n`,
  ]
  for (let n = 0; n < ROUNDS * 10; n++) {
    const bytes = random.mutate(Buffer.from(seeds[random.below(seeds.length)]))
    const side = new RelpServer({ window: 1 + random.below(3) })
    let taken = 0
    const read = side.receive(bytes, 0, bytes.length, () => void taken++)
    assert.ok(read <= bytes.length && taken === side.messages)
    if (random.below(2) === 0) side.shutdown()
    const out = new RelpDecoder()
    const sent = side.takeOutput()
    out.push(sent, 0, sent.length, (f) => {
      const response = readResponse(f.bytes, f.start, f.end)
      // Without a settled message only `open`, and `close` with nothing outstanding, get a 200; `open` carries offers.
      if (response?.code !== 200 || readOffers(f.bytes, response.dataStart, f.end).has('relp_version')) return
      assert.equal(taken, 0, bytes.toString('latin1'))
    })
    assert.equal(out.error, null)
    const told = new RelpClient({ acknowledged: () => {}, refused: () => {} })
    told.connected()
    for (const text of ['a', 'b']) told.send(Buffer.from(text))
    told.receive(bytes, 0, bytes.length)
    assert.equal(told.messages, told.acknowledged + told.refusals + told.unacknowledged)
    assert.ok(told.held === told.unacknowledged)
  }
  assert.equal(encodeRelp(1, 'close').length, 10)
})
