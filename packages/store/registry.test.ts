import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { CodedError } from '@pullbox/log/errors'
import { z } from 'zod'
import { type OptionsSchema, createRegistry, didYouMean } from './registry.ts'

interface Backend {
  get(key: string): unknown
}

const anything: OptionsSchema<unknown> = { safeParse: (data) => ({ success: true, data }) }

function registry() {
  const made = createRegistry<Backend, { tag: string }>('kv', { methods: ['get'] })
  const open = (options: unknown, context: { tag: string }): Backend => ({ get: (key) => ({ key, options, context }) })
  made.register({ name: 'memory', options: anything, open })
  made.register({ name: 'lmdb', standsFor: ['boltdb', 'bbolt'], options: anything, open })
  made.register({
    name: 'sqlite',
    options: z.strictObject({
      path: z.string(),
      journal: z.enum(['wal', 'delete']).default('wal'),
      retry: z.strictObject({ times: z.int().min(0) }).optional(),
      peers: z.array(z.strictObject({ host: z.string() })).default([]),
    }),
    open,
  })
  return made
}

const refused =
  (code: string, message: RegExp, more: { at?: string; hint?: string } = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof CodedError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    if (more.at !== undefined) assert.equal(error.at, more.at)
    if (more.hint !== undefined) assert.equal(error.hint, more.hint)
    return true
  }

function folder(t: { after(done: () => void): void }, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'pullbox-registry-'))
  t.after(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

const module = (body: string) => `const options = { safeParse: (data) => ({ success: true, data }) }\n${body}\n`
const good = module(`export const driver = { kind: 'kv', name: 'mine', options, open: (o, c) => ({ get: () => [o, c] }) }`)

test('opens by name with checked options and the given context', async () => {
  const kv = registry()
  const opened = await kv.open('sqlite', { path: 'a.db' }, { tag: 'x' })
  assert.deepEqual(opened.get('k'), { key: 'k', options: { path: 'a.db', journal: 'wal', peers: [] }, context: { tag: 'x' } })
  assert.deepEqual(kv.names(), ['lmdb', 'memory', 'sqlite'])
  assert.deepEqual(await kv.check('sqlite', { path: 'b' }), { path: 'b', journal: 'wal', peers: [] })
  assert.deepEqual(createRegistry('kv').names(), [], 'registries share nothing')
})

test('an unknown driver is refused with the known ones and what was meant', async () => {
  const kv = registry()
  await assert.rejects(
    kv.open('sqllite', {}, { tag: '' }),
    refused('STORE_DRIVER_UNKNOWN', /known: lmdb, memory, sqlite\); did you mean "sqlite"\?$/, { at: 'type' }),
  )
  await assert.rejects(kv.find('boltdb'), refused('STORE_DRIVER_UNKNOWN', /did you mean "lmdb"\?$/, { hint: 'did you mean "lmdb"?' }))
  await assert.rejects(kv.find('BoltDB'), refused('STORE_DRIVER_UNKNOWN', /did you mean "lmdb"/))
  await assert.rejects(kv.find('zookeeper'), refused('STORE_DRIVER_UNKNOWN', /sqlite\)$/))
  await assert.rejects(kv.find('fs'), refused('STORE_DRIVER_UNKNOWN', /"fs"/), "a module of Node's own is no driver")
  await assert.rejects(kv.find(''), refused('STORE_DRIVER_UNKNOWN', /""/))
  await assert.rejects(kv.find('http://a.example/x.mjs'), refused('STORE_DRIVER_UNKNOWN', /http/))
  await assert.rejects(createRegistry('kv').find('x'), refused('STORE_DRIVER_UNKNOWN', /none is registered/))
})

test('wrong options name the path, what is allowed and what was meant', async () => {
  const kv = registry()
  const wrong = (options: unknown, message: RegExp, more?: { at?: string; hint?: string }) =>
    assert.rejects(kv.check('sqlite', options), refused('STORE_DRIVER_OPTIONS', message, more))
  await wrong({ path: 'x', jurnal: 'wal' }, /options\.jurnal: unknown key, did you mean "journal"\?; known: path, journal, retry, peers/, {
    at: 'options.jurnal',
    hint: 'did you mean "journal"?',
  })
  await wrong({ path: 'x', journal: 'wall' }, /options\.journal: "wall" is not allowed; allowed: wal, delete; did you mean "wal"\?/)
  await wrong({ path: 'x', retry: { tims: 1, times: 1 } }, /options\.retry\.tims: unknown key, did you mean "times"\?/, {
    at: 'options.retry.tims',
  })
  await wrong(
    { path: 'x', peers: [{ host: 'a' }, { host: 'b', hots: 1 }] },
    /options\.peers\[1\]\.hots: unknown key, did you mean "host"\?/,
  )
  await wrong({ path: 5 }, /options\.path: .*string/, { at: 'options.path' })
  await wrong(undefined, /options\.path: missing/)
  await wrong({ path: 'x', qqq: 1 }, /options\.qqq: unknown key; known: path/)
})

test("a third party's driver is loaded by path, from the folder of the configuration", async (t) => {
  const from = folder(t, { 'driver.mjs': good, 'sub/default.mjs': good.replace('export const driver =', 'export default') })
  const kv = registry()
  assert.deepEqual((await kv.open('./driver.mjs', { a: 1 }, { tag: 'c' }, { from })).get(''), [{ a: 1 }, { tag: 'c' }])
  assert.equal((await kv.find('./sub/default.mjs', { from })).name, 'mine')
  assert.equal((await kv.find(join(from, 'driver.mjs'))).name, 'mine')
  assert.equal((await kv.find(pathToFileURL(join(from, 'driver.mjs')).href)).name, 'mine')
  assert.deepEqual(kv.names(), ['lmdb', 'memory', 'sqlite'], 'a module does not register itself')
})

test('and by the name of a package that is installed beside it', async (t) => {
  const pack = (name: string, text: string) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './i.js' }),
    [`node_modules/${name}/i.js`]: text,
  })
  const from = folder(t, { ...pack('pullbox-kv-mine', good), ...pack('@some/kv', good), ...pack('left', 'export const x = 1\n') })
  const kv = registry()
  assert.equal((await kv.find('pullbox-kv-mine', { from })).name, 'mine')
  assert.equal((await kv.find('@some/kv', { from })).name, 'mine')
  await assert.rejects(kv.find('pullbox-kv-mine'), refused('STORE_DRIVER_UNKNOWN', /pullbox-kv-mine/), 'it is not installed here')
  await assert.rejects(kv.find('left', { from }), refused('STORE_DRIVER_CONTRACT', /"left" is no kv driver: it lacks an export `driver`/))
})

test('a module that is no driver is refused with what it lacks', async (t) => {
  const from = folder(t, {
    'nothing.mjs': 'export {}\n',
    'parts.mjs': module(`export default { kind: 'records', name: '', options }`),
    'throws.mjs': 'throw new Error("no such library")\n',
    'syntax.mjs': 'export const = 1\n',
    'weak.mjs': module(`export default { kind: 'kv', name: 'weak', options, open: async () => ({ put() {} }) }`),
    'null.mjs': module(`export default { kind: 'kv', name: 'null', options, open: async () => null }`),
  })
  const kv = registry()
  const open = (type: string) => kv.open(type, {}, { tag: '' }, { from })
  await assert.rejects(open('./nothing.mjs'), refused('STORE_DRIVER_CONTRACT', /lacks an export `driver`/))
  await assert.rejects(
    open('./parts.mjs'),
    refused('STORE_DRIVER_CONTRACT', /lacks `name`, a text, `kind: "kv"`, `open\(options, context\)`/),
  )
  await assert.rejects(open('./throws.mjs'), refused('STORE_DRIVER_LOAD', /no such library/))
  await assert.rejects(open('./syntax.mjs'), refused('STORE_DRIVER_LOAD', /syntax\.mjs/))
  await assert.rejects(
    open('./absent.mjs'),
    refused('STORE_DRIVER_LOAD', /absent\.mjs/, { hint: 'is the path right, and is what it imports installed?' }),
  )
  await assert.rejects(open('./weak.mjs'), refused('STORE_DRIVER_CONTRACT', /lacks the methods get$/))
  await assert.rejects(open('./null.mjs'), refused('STORE_DRIVER_CONTRACT', /lacks the methods get$/))
})

test('what is registered must be a driver, and only once', () => {
  const kv = registry()
  assert.throws(
    () => kv.register({ name: 'lmdb', options: anything, open: () => ({ get: () => 1 }) }),
    refused('STORE_DRIVER_DUPLICATE', /"lmdb"/),
  )
  assert.throws(
    () => kv.register({ kind: 'records', name: 'x', options: anything, open: () => ({ get: () => 1 }) }),
    refused('STORE_DRIVER_CONTRACT', /kind: "kv"/),
  )
  assert.throws(() => kv.register({ name: 'x' } as never), refused('STORE_DRIVER_CONTRACT', /`options`.*`open/))
})

test('didYouMean: a slip for three letters, none too far, never endless', () => {
  const names = ['options', 'retention', 'path', 'type', 'lmdb']
  assert.equal(didYouMean('optoins', names), 'options')
  assert.equal(didYouMean('PATH', names), 'path')
  assert.equal(didYouMean('pth', names), 'path')
  assert.equal(didYouMean('retentoin', names), 'retention')
  assert.equal(didYouMean('boltdb', names), null)
  assert.equal(didYouMean('xyzzy', names), null)
  assert.equal(didYouMean('', names), null)
  assert.equal(didYouMean('ab', ['x', 'y']), null)
  assert.equal(didYouMean('x'.repeat(1e6), ['y'.repeat(1e6)]), null)
})
