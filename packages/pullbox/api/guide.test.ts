import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'

import { run } from '../exec/index.ts'
import { askJson, sendUdp, startWorld, stored } from './testing/world.ts'
import type { World } from './testing/world.ts'

// The commands of docs/guides/http.md are run as they stand there, against a collector with the records that it names.

const GUIDE = readFileSync(new URL('../../../docs/guides/http.md', import.meta.url), 'utf8')
const ADDRESS = 'http://127.0.0.1:8514'
/** curl's status when --max-time has passed. */
const TIMED_OUT = 28

interface Example {
  readonly command: string
  readonly printed: string
}

function blocks(language: string): string[] {
  return [...GUIDE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, given]) => given === language).map(([, , body]) => body!)
}

const examples: Example[] = blocks('console').flatMap((body) =>
  body
    .split(/^\$ /m)
    .slice(1)
    .map((text) => ({ command: text.slice(0, text.indexOf('\n')), printed: text.slice(text.indexOf('\n') + 1) })),
)

/** The words of a command that quotes with ' only. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|([^\s']+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

/** What is printed stands there from start to end; `...` stands for anything. */
function assertPrinted(actual: string, printed: string, where: string): void {
  const parts = printed.split('...')
  const pattern = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('[^]*')
  assert.match(actual, new RegExp(`^${pattern}$`), where)
}

let world: World
before(async () => {
  world = await startWorld()
  const records = blocks('text')[0]!.trimEnd().split('\n')
  for (const [i, record] of records.entries()) {
    await sendUdp(world.udp, record)
    await stored(world.address, i + 1)
  }
})
after(() => world.close())

for (const { command, printed } of examples) {
  test(command, { timeout: 60_000 }, async () => {
    const [program, ...args] = words(command.replaceAll(ADDRESS, `http://${world.address}`))
    const { stdout } = await run(program!, args, { ok: command.includes('--max-time') ? [0, TIMED_OUT] : [0] })
    assertPrinted(stdout.toString().replaceAll('\r\n', '\n'), printed, command)
  })
}

test('every route has an example', async () => {
  const { paths } = await askJson<{ paths: Record<string, unknown> }>(world.address, '/api/v1/openapi.json')
  const missing = Object.keys(paths).filter((path) => {
    const start = `${ADDRESS}${path.replace(/\{.*/, '')}`
    return !examples.some(({ command }) =>
      words(command).some((word) => word === start || word.startsWith(`${start}?`) || (path.includes('{') && word.startsWith(start))),
    )
  })
  assert.deepEqual(missing, [])
})

test('an example that prints something else is found out', () => {
  assert.throws(() => assertPrinted('{"a":1}\n', '{"a":2}\n', ''))
  assert.throws(() => assertPrinted('{"a":1}\nx', '{"a":...}\n', ''))
  assertPrinted('{"a":1,"b":[2]}\n', '{"a":1,...}\n', '')
  assert.ok(examples.length > 10)
})
