import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

import { createFilterBuilder, createPlainFilterBuilder } from '@pullbox/log/record'

import { pullbox, query, statusOf } from './collector.ts'
import { corpus, randomFrom } from './corpus.ts'
import { freePorts } from './daemon.ts'
import { startSender } from './load.ts'
import type { Bench, Section, Values } from './section.ts'
import { OURS, alternate } from './section.ts'

// Measurements of ours alone, without a peer.

export const filters: Section = {
  name: 'filters',
  says: 'filters of 1 MB arenas, in WebAssembly and in JavaScript, one thread',
  main: 'MB/s',
  async run(bench) {
    const { bytes: arena, offset } = corpus(4096, 1, 356, 'rfc3164')
    const builders = { wasm: createFilterBuilder(), javascript: createPlainFilterBuilder() }
    const times = Math.max(4, Math.round(bench.sizes.messages / 20_000))
    await alternate(bench, ['wasm', 'javascript'], async (name) => {
      const builder = builders[name as keyof typeof builders]
      for (let i = 0; i < 4; i++) builder.build(arena, offset)
      const start = performance.now()
      for (let i = 0; i < times; i++) builder.build(arena, offset)
      const seconds = (performance.now() - start) / 1000
      return { 'MB/s': (arena.length * times) / 1e6 / seconds, 'us/msg': (seconds * 1e6) / (4096 * times) }
    })
  },
}

export const kill9: Section = {
  name: 'kill9',
  says: 'under TCP load: the highest `stored` that status told, then kill -9 at a random moment, start again, count by a query',
  main: 'lost',
  run: (bench) => alternate(bench, [OURS], (_, round) => bench.folder((dir) => killOnce(bench, dir, round))),
}

/** What Pullbox says itself (the gap after an unclean stop) is no message. */
const COUNT = '!type:gap !type:audit | stats count() as n'

async function killOnce(bench: Bench, dir: string, round: number): Promise<Values> {
  const ports = await freePorts(dir)
  const first = await pullbox(dir, ports)
  const load = startSender({ kind: 'tcp', port: ports.tcp, count: bench.sizes.messages, rate: 0 })
  await load.began
  const wait = 200 + randomFrom(round)(Math.max(200, bench.sizes.messages / 2000))
  let told = 0
  for (const until = performance.now() + wait; performance.now() < until || told === 0; await sleep(10))
    told = (await statusOf(ports)).stored
  await first.kill()
  load.kill()
  const second = await pullbox(dir, ports)
  const [{ n }] = await query(ports, COUNT)
  await second.stop()
  return { told, present: Number(n), lost: Math.max(0, told - Number(n)), 'killed after ms': wait }
}

export const store: Section = {
  name: 'store',
  says: 'the store by itself: load and searches, see bench/search.ts',
  main: 'ms',
  async run(bench) {
    const file = join(import.meta.dirname, 'search.ts')
    const module = existsSync(file) ? ((await import(pathToFileURL(file).href)) as { measureStore?: MeasureStore }) : {}
    if (module.measureStore === undefined) {
      bench.say('LEFT OUT: bench/search.ts has no measureStore; nothing is measured here')
      return
    }
    for (let round = 1; round <= bench.sizes.rounds; round++)
      await bench.folder(async (dir) => {
        for (const [what, values] of Object.entries(await module.measureStore!({ records: bench.sizes.records, dir })))
          bench.record(what, round, values)
      })
  },
}

/** What bench/search.ts gives: for each thing measured its values. */
type MeasureStore = (options: { records: number; dir: string }) => Promise<Record<string, Values>>
