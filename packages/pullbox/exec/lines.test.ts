import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { withMark } from './processes.ts'
import { ExecError, lines, type LineFlag, type Lines } from './index.ts'

function mark(): string {
  return `8${process.pid}${Math.floor(performance.now() * 1000)}`
}

async function all(iterator: Lines): Promise<{ texts: string[]; flags: LineFlag[]; error: unknown }> {
  const texts: string[] = []
  const flags: LineFlag[] = []
  try {
    for await (const line of iterator) {
      texts.push(line.toString('latin1'))
      flags.push(iterator.flag)
    }
  } catch (error) {
    return { texts, flags, error }
  }
  return { texts, flags, error: undefined }
}

test('lines as bytes; the last one without LF is flagged', async () => {
  const iterator = lines('printf', ['a\\n\\n\\377\\r\\nb'])
  const { texts, flags, error } = await all(iterator)
  assert.equal(error, undefined)
  assert.deepEqual(texts, ['a', '', '\xff\r', 'b'])
  assert.deepEqual(flags, ['whole', 'whole', 'whole', 'no_lf'])
  const result = await iterator.result
  assert.deepEqual([result.status, result.signal, result.pipe_held], [0, null, false])
  assert.deepEqual((await all(lines('printf', ['a\\n']))).flags, ['whole'])
  assert.deepEqual((await all(lines('true'))).texts, [])
})

test('the status is looked at although the output ended well', async () => {
  const iterator = lines('sh', ['-c', 'echo a; exit 3'])
  const { texts, error } = await all(iterator)
  assert.deepEqual(texts, ['a'])
  assert.ok(error instanceof ExecError)
  assert.deepEqual([error.code, error.status], ['EXEC_FAILED', 3])
  await assert.rejects(iterator.result, { code: 'EXEC_FAILED' })
  assert.equal((await all(lines('sh', ['-c', 'exit 3'], { ok: [3] }))).error, undefined)
})

test('a program that cannot be started is an error before any line', async () => {
  const { texts, error } = await all(lines('whom'))
  assert.deepEqual(texts, [])
  assert.equal((error as ExecError).code, 'EXEC_NOT_FOUND')
  const { error: bad } = await all(lines('true', ['\0']))
  assert.equal((bad as ExecError).code, 'EXEC_BAD_ARGUMENT')
})

test('long lines: an error, or pieces without loss', async () => {
  const text = mark()
  const refused = await all(lines('sh', ['-c', `echo short; head -c 1100000 /dev/zero; sleep ${text}`]))
  assert.deepEqual(refused.texts, ['short'])
  assert.equal((refused.error as ExecError).code, 'EXEC_OUTPUT_LIMIT')
  assert.deepEqual(withMark(text), [])
  const exact = await all(lines('sh', ['-c', 'head -c 1048576 /dev/zero; echo']))
  assert.deepEqual([exact.error, exact.texts.map((line) => line.length)], [undefined, [1_048_576]])
  const cut = await all(lines('printf', ['abcdefgh\\nabcd\\nabcde'], { most: 4, long: 'cut' }))
  assert.deepEqual(cut.texts, ['abcd', 'efgh', 'abcd', 'abcd', 'e'])
  assert.deepEqual(cut.flags, ['cut', 'whole', 'whole', 'cut', 'no_lf'])
})

test('any bytes, in any pieces, come out as they were split', async (t) => {
  const seed = Number(process.env['PULLBOX_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const bytes = fc.array(fc.oneof(fc.constant(10), fc.nat({ max: 255 })), { maxLength: 400 })
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60 }), async (input, block, most) => {
      const iterator = lines('dd', [`ibs=${block}`, `obs=${block}`, 'status=none'], { stdin: Uint8Array.from(input), most, long: 'cut' })
      const { texts, flags, error } = await all(iterator)
      assert.equal(error, undefined)
      const joined = texts.map((text, i) => text + (flags[i] === 'whole' ? '\n' : '')).join('')
      assert.equal(joined, Buffer.from(input).toString('latin1'))
      assert.ok(texts.every((text, i) => text.length <= most && (flags[i] !== 'cut' || text.length === most)))
      assert.ok(flags.every((flag, i) => flag !== 'no_lf' || i === flags.length - 1))
    }),
    { seed, numRuns: process.env['PULLBOX_PROVE'] === '1' ? 2000 : 20 },
  )
})

test('a slow consumer slows the program down: memory stays, and the group is gone after break', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = (): number => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const text = mark()
  const before = held()
  const iterator = lines('sh', ['-c', `yes ${text} & yes ${text}`])
  let most = 0
  let count = 0
  for await (const line of iterator) {
    assert.equal(line.toString(), text)
    if (++count % 2000 !== 0) continue
    await sleep(20)
    most = Math.max(most, held())
    if (count === 20_000) break
  }
  assert.deepEqual(withMark(text), [])
  assert.ok(most - before < 8 * 1_048_576, `${most - before} bytes more`)
  const result = await iterator.result
  assert.equal(result.signal, 'SIGTERM')
})

test('break sends KILL to a group that ignores TERM', async () => {
  const text = mark()
  for await (const line of lines('sh', ['-c', `trap "" TERM; yes ${text}`], { grace: 100 })) {
    assert.equal(line.toString(), text)
    break
  }
  assert.deepEqual(withMark(text), [])
})

test('return ends a program while next waits for it', async () => {
  const text = mark()
  const iterator = lines('sh', ['-c', `echo first; sleep ${text}`])
  assert.equal((await iterator.next()).value?.toString(), 'first')
  const waiting = iterator.next()
  await sleep(20)
  await iterator.return()
  assert.deepEqual(await waiting, { value: undefined, done: true })
  assert.deepEqual(withMark(text), [])
  await iterator.return()
  const unused = lines('sleep', [mark()])
  await unused[Symbol.asyncDispose]()
  assert.equal((await unused.result).signal, 'SIGTERM')
})

test('a time-out comes after the lines that were put out', async () => {
  const { texts, error } = await all(lines('sh', ['-c', `echo a; sleep ${mark()}`], { timeout: 150 }))
  assert.deepEqual(texts, ['a'])
  assert.equal((error as ExecError).code, 'EXEC_TIMEOUT')
})

test('a consumer slower than 200 ms loses nothing of a program that has ended', async () => {
  const texts: string[] = []
  for await (const line of lines('seq', ['1', '30000'])) {
    if (texts.length === 10) await sleep(500)
    texts.push(line.toString())
  }
  assert.equal(texts.length, 30_000)
  assert.equal(texts.at(-1), '30000')
})

test('a grandchild that holds the pipe does not hold the end', async () => {
  const text = mark()
  const iterator = lines('sh', ['-c', `sleep ${text} & echo a`])
  assert.deepEqual(await all(iterator), { texts: ['a'], flags: ['whole'], error: undefined })
  assert.equal((await iterator.result).pipe_held, true)
  for (const { pid } of withMark(text)) process.kill(pid, 'SIGKILL')
})
