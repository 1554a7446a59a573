import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import {
  checkConfig,
  ConfigError,
  initText,
  loadConfig,
  parseDuration,
  parseListen,
  parseSize,
  Secret,
  secret,
  sizeText,
  stateDirectory,
} from './index.ts'
import { isLoopback, listenText } from './listen.ts'
import { KEYS_NOT_BUILT } from './schema.ts'

const env = { HOME: '/home/u' }
const load = (text: string, more: Parameters<typeof loadConfig>[0] = {}) =>
  loadConfig({ file: 'p.yaml', env, uid: 1000, cwd: '/w', readFile: () => text, ...more })
const problems = (text: string) => checkConfig({ file: 'p.yaml', env, uid: 1000, cwd: '/w', readFile: () => text }).problems

test('with no configuration at all', () => {
  const { config, origins, file } = loadConfig({ env, uid: 1000 })
  assert.deepEqual(config, {
    inputs: [
      {
        type: 'syslog',
        options: { udp: [{ host: '::', port: 5514 }], tcp: [{ host: '::', port: 5514 }], framing: 'auto', receive_buffer: 16 * 2 ** 20 },
      },
    ],
    sources: [],
    store: { type: 'segments', options: { path: '/home/u/.local/state/pullbox', retention: { days: null, bytes: null } } },
    http: { address: { host: '127.0.0.1', port: 8514 }, names: [], trusted_proxies: [], tls: null },
    auth: { type: 'none', options: {} },
    limits: { message: 5 * 2 ** 20, memory: 512 * 2 ** 20 },
  })
  assert.equal(file, null)
  assert.ok([...origins.values()].every((o) => o.from === 'default'))
})

test('config init parses as it stands and means the defaults', () => {
  assert.deepEqual(load(initText()).config, loadConfig({ env, uid: 1000 }).config)
  // What is commented out is right too.
  const all = initText()
    .replaceAll(/^( *)# ( *)(- type: unix|path: |  options: \{path)/gm, '$1$2$3')
    .replace('sources: []\n#', 'sources:\n ')
  const { config } = load(all)
  assert.equal(config.inputs[1].type, 'unix')
  assert.deepEqual(config.sources, [{ match: '10.0.0.0/8', zone: 'Europe/Berlin', silence: 3600e6 }])
  assert.deepEqual(config.store.options['path'], '/var/lib/pullbox/store')
})

test('where state is kept', () => {
  assert.equal(stateDirectory({ STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }, 0), '/var/lib/a')
  assert.equal(stateDirectory({ HOME: '/root' }, 0), '/var/lib/pullbox')
  assert.equal(stateDirectory({ XDG_STATE_HOME: '/s', HOME: '/h' }, 5), '/s/pullbox')
  assert.equal(stateDirectory({ XDG_STATE_HOME: 's', HOME: '/h' }, 5), '/h/.local/state/pullbox')
  assert.throws(() => stateDirectory({}, 5), { code: 'CONFIG_STATE_DIRECTORY' })
  assert.throws(() => loadConfig({ env: {}, uid: 5 }), { code: 'CONFIG_STATE_DIRECTORY' })
})

test('flag before variable before file before default, and each says whence', () => {
  const text = 'http: {address: "127.0.0.1:1"}\nlimits: {message: 1MiB, memory: 128MiB}\nstore: {type: segments, options: {path: data}}\n'
  const variables = {
    ...env,
    PULLBOX_HTTP_ADDRESS: '[::1]:2',
    PULLBOX_LIMITS_MESSAGE: '2MiB',
    PULLBOX_SOURCES: '[{match: 10.0.0.0/8, silence: 2h}]',
  }
  const { config, origins } = load(text, { env: variables, flags: { 'http.address': '[::1]:3', 'limits.message': undefined } })
  assert.deepEqual(config.http.address, { host: '::1', port: 3 })
  assert.deepEqual(origins.get('http.address'), { from: 'flag', at: '--http-address' })
  assert.equal(config.limits.message, 2 ** 21)
  assert.deepEqual(origins.get('limits.message'), { from: 'env', at: 'PULLBOX_LIMITS_MESSAGE' })
  assert.equal(config.limits.memory, 2 ** 27)
  assert.deepEqual(origins.get('limits.memory'), { from: 'file', at: 'p.yaml:2:25' })
  assert.deepEqual(origins.get('http.names'), { from: 'default', at: '' })
  assert.equal(config.sources[0].silence, 7200e6)
  // A relative path starts where it was written: the file's folder, or the working directory.
  assert.equal(config.store.options['path'], '/w/data')
  assert.equal(load(text, { file: '/etc/pullbox/p.yaml' }).config.store.options['path'], '/etc/pullbox/data')
  assert.equal(load(text, { file: '/etc/pullbox/p.yaml', flags: { 'store.options.path': 'x' } }).config.store.options['path'], '/w/x')
  assert.equal(loadConfig({ env: { PULLBOX_STORE_OPTIONS_PATH: '/d' }, uid: 5 }).config.store.options['path'], '/d')
})

test('a problem names the key, the code, file:line:column and what was meant', () => {
  const cases: [string, string, RegExp, string, RegExp][] = [
    ['store:\n  type: segments\n  optoins: {}\n', 'CONFIG_UNKNOWN_KEY', /^store\.optoins$/, 'p.yaml:3:3', /^did you mean "options"\?$/],
    ['stroe: {}', 'CONFIG_UNKNOWN_KEY', /^stroe$/, 'p.yaml:1:1', /"store"/],
    ['__proto__: {x: 1}', 'CONFIG_UNKNOWN_KEY', /^__proto__$/, 'p.yaml:1:1', /known here/],
    [
      'inputs:\n  - type: syslog\n    options: {upd: "[::]:1", tcp: "[::]:1"}',
      'CONFIG_UNKNOWN_KEY',
      /^inputs\[0\]\.options\.upd$/,
      'p.yaml:3:15',
      /"udp"/,
    ],
    ['inputs: [{type: relp, options: {address: "[::]:2514"}}]', 'CONFIG_NOT_BUILT', /relp/, 'p.yaml:1:11', /take/],
    ['http: {trusted_proxies: [10.0.0.0/8]}', 'CONFIG_NOT_BUILT', /trusted_proxies/, 'p.yaml:1:26', /take/],
    ['inputs: [{type: ./my-input.mjs}]', 'CONFIG_NOT_BUILT', /module/, 'p.yaml:1:11', /take/],
    ['inputs: [{type: syslgo}]', 'CONFIG_VALUE', /"syslgo" is no type/, 'p.yaml:1:11', /"syslog"/],
    ['inputs: [{type: syslog, options: {tls: {address: "[::]:6514"}, udp: "[::]:1"}}]', 'CONFIG_NOT_BUILT', /tls/, 'p.yaml:1:35', /take/],
    ['inputs: [{type: syslog, options: {udp: "514"}}]', 'CONFIG_VALUE', /no address with a port/, 'p.yaml:1:35', /^$/],
    ['inputs: [{type: syslog, options: {udp: ["[::]:1", "x"]}}]', 'CONFIG_VALUE', /udp\[1\].*"x"/, 'p.yaml:1:51', /^$/],
    ['inputs: [{type: syslog, options: {}}]', 'CONFIG_VALUE', /listens nowhere/, 'p.yaml:1:25', /^$/],
    ['limits: {message: 5M}', 'CONFIG_VALUE', /"M" is no unit/, 'p.yaml:1:10', /^$/],
    ['limits: {message: 1}', 'CONFIG_VALUE', /at least 480/, 'p.yaml:1:10', /^$/],
    ['sources: [{match: 10.0.0.1/8}]', 'CONFIG_VALUE', /bits beyond/, 'p.yaml:1:12', /^$/],
    ['sources: [{zone: UTC}]', 'CONFIG_VALUE', /match is missing/, 'p.yaml:1:11', /^$/],
    ['store: {type: segmets}', 'CONFIG_VALUE', /no type/, 'p.yaml:1:9', /"segments"/],
    ['http: {address: "0.0.0.0:80"}', 'CONFIG_AUTH_OPEN', /0\.0\.0\.0:80/, 'p.yaml:1:8', /loopback/],
    ['a: [', 'CONFIG_SYNTAX', /./, 'p.yaml:1:5', /^$/],
    ['http: {}\nhttp: {}', 'CONFIG_SYNTAX', /unique/, 'p.yaml:2:1', /^$/],
    ['- x', 'CONFIG_VALUE', /keys and values/, 'p.yaml:1:1', /init/],
    ['--- {}\n--- {}', 'CONFIG_SYNTAX', /documents/, 'p.yaml:2:1', /^$/],
    ['x: !!js/function y', 'CONFIG_SYNTAX', /tag/, 'p.yaml:1:4', /^$/],
  ]
  for (const [text, code, message, at, hint] of cases) {
    const [first] = problems(text)
    assert.ok(first, text)
    assert.deepEqual([first.code, first.at], [code, at], `${text}: ${JSON.stringify(first)}`)
    assert.match(first.message, message, text)
    assert.match(first.hint, hint, text)
  }
})

test('every key of the design that is not built says so', () => {
  for (const key of KEYS_NOT_BUILT) {
    assert.deepEqual(
      problems(`${key}: [x]`).map((p) => [p.code, p.message]),
      [['CONFIG_NOT_BUILT', `${key} is not built yet`]],
    )
    assert.deepEqual(
      problems(`${key}: null`).map((p) => p.code),
      ['CONFIG_UNKNOWN_KEY'],
    )
  }
})

test('all problems are found at once; the error carries them', () => {
  const text = 'rules: []\nlimits: {mesage: 1, memory: x}\nstore: {type: segments, options: {retention: {days: 0.5}}}'
  const found = problems(text).map((p) => `${p.code} ${p.at}`)
  assert.equal(found[0], 'CONFIG_NOT_BUILT p.yaml:1:1')
  assert.deepEqual(found.slice(1).toSorted(), ['CONFIG_UNKNOWN_KEY p.yaml:2:10', 'CONFIG_VALUE p.yaml:2:21', 'CONFIG_VALUE p.yaml:3:47'])
  assert.throws(
    () => load(text),
    (e: unknown) => e instanceof ConfigError && e.code === 'CONFIG_NOT_BUILT' && e.problems.length === 4 && e.hint.includes('3 more'),
  )
})

test('JSON is read too, tabs and all; a file that is not there is an error', () => {
  assert.equal(load('{\n\t"limits": {\n\t\t"message":\t"1MiB"\n\t}\n}', { file: 'p.json' }).config.limits.message, 2 ** 20)
  assert.throws(() => loadConfig({ file: '/nonexistent/p.yaml', env, uid: 5 }), { code: 'CONFIG_FILE', at: '/nonexistent/p.yaml' })
  assert.throws(() => loadConfig({ env: { ...env, PULLBOX_CONFIG: '/nonexistent/q.yaml' }, uid: 5 }), {
    code: 'CONFIG_FILE',
    at: '/nonexistent/q.yaml',
  })
})

test('variables: bad YAML is named, near misses are told, others are left alone', () => {
  assert.throws(() => loadConfig({ env: { ...env, PULLBOX_SOURCES: '[{' }, uid: 5 }), { code: 'CONFIG_SYNTAX', at: 'PULLBOX_SOURCES' })
  assert.throws(() => loadConfig({ env: { ...env, PULLBOX_LIMITS_MESSAGE: '5M' }, uid: 5 }), {
    code: 'CONFIG_VALUE',
    at: 'PULLBOX_LIMITS_MESSAGE',
  })
  const { warnings } = loadConfig({
    env: { ...env, PULLBOX_HTTP_ADRESS: 'x', PULLBOX_SERVICE_HOST: '10.0.0.1', PULLBOX_PORT_5514_UDP_PROTO: 'udp' },
    uid: 5,
  })
  assert.deepEqual(warnings, ['PULLBOX_HTTP_ADRESS is no variable of pullbox - did you mean PULLBOX_HTTP_ADDRESS?'])
})

test('other stores: memory with its own options, a third party with what its driver takes', () => {
  assert.deepEqual(load('store: {type: memory, options: {bytes: 64MiB}}').config.store, { type: 'memory', options: { bytes: 2 ** 26 } })
  assert.equal(problems('store: {type: memory, options: {path: x}}')[0].code, 'CONFIG_UNKNOWN_KEY')
  assert.deepEqual(load('store: {type: ./mine.mjs, options: {a: [1]}}').config.store, { type: './mine.mjs', options: { a: [1] } })
})

test('an open page is refused, a loopback one is not', () => {
  for (const host of ['[::]', '0.0.0.0', '10.1.2.3', '[2001:db8::1]', '[::ffff:10.0.0.1]'])
    assert.equal(problems(`http: {address: "${host}:1"}`)[0]?.code, 'CONFIG_AUTH_OPEN', host)
  for (const host of ['[::1]', '127.0.0.1', '127.9.9.9', 'localhost', '[::ffff:127.0.0.1]'])
    assert.equal(problems(`http: {address: "${host}:1"}`).length, 0, host)
  assert.equal(problems('http: {address: null}').length, 0)
  assert.ok(!isLoopback('example.org'))
})

test('sizes and durations', () => {
  const sizes: [string | number, number][] = [
    ['16MiB', 2 ** 24],
    ['500 GB', 5e11],
    ['1.5KiB', 1536],
    ['12', 12],
    [7, 7],
    ['10kb', 1e4],
    ['0', 0],
  ]
  for (const [text, bytes] of sizes) assert.equal(parseSize(text), bytes, String(text))
  for (const bad of ['', '5M', '-1', 'x', '1e3', -1, 1.5, Number.NaN, '99999999TiB']) assert.throws(() => parseSize(bad), String(bad))
  const times: [string, number][] = [
    ['25ms', 25e3],
    ['1d6h', 108_000e6],
    ['1.5h', 5400e6],
    ['0', 0],
    ['1h 30min', 5400e6],
    ['1w', 604_800e6],
  ]
  for (const [text, us] of times) assert.equal(parseDuration(text), us, text)
  for (const bad of ['', '5', '1M', '2h5', 'h', '1y', '1constructor']) assert.throws(() => parseDuration(bad), bad)
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (n) => assert.equal(parseSize(sizeText(n)), n)))
})

test('addresses to listen on', () => {
  assert.deepEqual(parseListen('[2001:DB8:0::1]:514'), { host: '2001:db8::1', port: 514 })
  assert.deepEqual(parseListen('0.0.0.0:0'), { host: '0.0.0.0', port: 0 })
  for (const bad of ['', ':1', '::1:514', '[::]', '[::]:65536', '1.2.3:1', '[1.2.3.4]:1', 'host:1', '[::]:1x', '01.2.3.4:5'])
    assert.equal(parseListen(bad), null, bad)
  for (const text of ['[::1]:1', '1.2.3.4:5', 'localhost:9']) assert.equal(listenText(parseListen(text)!), text)
})

test('a secret is named, read late, and never printed', () => {
  const file = secret.parse({ file: '/run/key' })
  assert.equal(
    file.reveal({}, (p) => `${p}!\n`),
    '/run/key!',
  )
  assert.equal(
    secret.parse({ credential: 'key' }).reveal({ CREDENTIALS_DIRECTORY: '/run/c' }, (p) => p),
    '/run/c/key',
  )
  assert.throws(() => secret.parse({ credential: 'key' }).reveal({}, (p) => p), { code: 'CONFIG_SECRET' })
  assert.throws(() => file.reveal({}, () => assert.fail('gone')), { code: 'CONFIG_SECRET' })
  for (const bad of ['hunter2', { file: '' }, { credential: '../x' }, { file: 'a', credential: 'b' }])
    assert.equal(secret.safeParse(bad).success, false)
  const hidden = new Secret({ file: '/run/key' })
  assert.deepEqual([JSON.stringify(hidden), String(hidden), inspect({ hidden })], ['"[secret]"', '[secret]', '{ hidden: [secret] }'])
})

test('no text makes it throw anything but a ConfigError', () => {
  const pieces = fc.constantFrom(
    'inputs',
    'store',
    'http',
    ':',
    ' ',
    '\n',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    '*a',
    '&a',
    '!!',
    'null',
    '~',
    '5MiB',
    '? ',
    '|',
    '\t',
    '\u0000',
    '1e999',
    '<<',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      try {
        load(parts.join(''))
      } catch (error) {
        assert.ok(error instanceof ConfigError, inspect(error))
      }
    }),
    { numRuns: 1000 },
  )
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
    .split('')
    .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`)
    .join('\n')}`
  assert.equal(problems(bomb)[0].code, 'CONFIG_SYNTAX')
  assert.ok(problems(`${'['.repeat(20_000)}`).length > 0)
})
