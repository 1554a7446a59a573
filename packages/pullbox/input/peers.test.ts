import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parse } from '@pullbox/ip'

import { systemClock } from './clock.ts'
import { SharedCounters } from './counters.ts'
import { Intake } from './intake.ts'
import { peerKey, PeerIndex } from './peers.ts'
import { RingProducer } from './ring.ts'
import { encodeInet, parseEndpoint } from './socket/sockaddr.ts'
import { SOURCE_KEYS, SourceTable } from './source-table.ts'
import { StopFlag } from './stop-flag.ts'
import { testRing } from './testing/collect.ts'
import { random, runSeed } from './testing/random.ts'
import { SourceZones } from './zones.ts'

function makeIntake(): Intake {
  return new Intake({
    ring: new RingProducer(testRing()),
    table: SourceTable.create(),
    counters: new SharedCounters(),
    stop: new StopFlag(),
    zones: new SourceZones(),
    clock: systemClock(),
    message: 1000,
  })
}

const words = (text: string, scope = 0) => new Uint32Array(encodeInet(parse(text), 514, scope).buffer)
const nameOf = (index: number) => `eth${index}`

test('every peer has one source; v4-mapped peers are v4; link-local peers name their interface', () => {
  const intake = makeIntake()
  const six = new PeerIndex(intake, true, nameOf)
  const four = new PeerIndex(intake, false, nameOf)
  const key = (id: number) => Buffer.from(intake.table.key(id)).toString()
  assert.equal(key(six.source(words('2001:DB8:0:0::1'), 0)), '2001:db8::1')
  assert.equal(key(six.source(words('::ffff:10.0.0.7'), 0)), '10.0.0.7')
  assert.equal(key(four.source(words('10.0.0.7'), 0)), '10.0.0.7')
  assert.equal(four.source(words('10.0.0.7'), 0), six.source(words('::ffff:10.0.0.7'), 0))
  assert.equal(key(six.source(words('fe80::1', 3), 0)), 'fe80::1%eth3')
  assert.equal(key(six.source(words('fe80::1', 4), 0)), 'fe80::1%eth4')
})

test('more peers than the table holds: the first keep their sources, the rest are "other", and it ends', () => {
  const seed = runSeed()
  console.log(`peers seed ${seed}`)
  const next = random(seed)
  const intake = makeIntake()
  const index = new PeerIndex(intake, true, nameOf, seed)
  const names = new Uint32Array(8)
  const fill = (i: number) => {
    names[2] = 0x20010db8
    names[5] = i
  }
  for (let i = 0; i < SOURCE_KEYS + 1000; i++) {
    fill(i)
    const id = index.source(names, 0)
    assert.equal(id, i < SOURCE_KEYS - 2 ? i + 2 : 0)
  }
  for (let n = 0; n < 10_000; n++) {
    const i = Math.floor(next() * (SOURCE_KEYS + 1000))
    fill(i)
    assert.equal(index.source(names, 0), i < SOURCE_KEYS - 2 ? i + 2 : 0)
  }
})

test('addresses to listen on: bracketed v6, v4, ports; nothing else', () => {
  assert.deepEqual([parseEndpoint('[::]:514').host, parseEndpoint('[::]:514').port], ['::', 514])
  assert.equal(parseEndpoint('[fe80::1%eth0]:0').address.zone, 'eth0')
  assert.equal(parseEndpoint('0.0.0.0:65535').port, 65535)
  for (const bad of [
    '',
    ':514',
    '::1:514',
    '[]:1',
    '[1.2.3.4]:1',
    '1.2.3:1',
    '1.2.3.4',
    '1.2.3.4:',
    '1.2.3.4:65536',
    '1.2.3.4:-1',
    'host:1',
    '[::1]:1x',
    '1.2.3.4:000001',
  ])
    assert.throws(() => parseEndpoint(bad), { code: 'INPUT_BAD_ADDRESS' }, bad)
})

test('peers as node names them', () => {
  assert.equal(peerKey('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(peerKey('2001:db8::1'), '2001:db8::1')
  assert.equal(peerKey('10.0.0.7'), '10.0.0.7')
})
