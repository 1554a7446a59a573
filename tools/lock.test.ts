import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderWith } from './folder.fixture.ts'
import { checkLock, missingFromLock } from './lock.ts'

const packages = {
  '': { version: '1.0.0' },
  'node_modules/tool': {
    version: '1.2.3',
    license: 'MIT',
    dev: true,
    optionalDependencies: {
      '@tool/linux-x64-gnu': '1.2.3',
      '@tool/linux-x64-musl': '1.2.3',
      '@tool/darwin-arm64': '1.2.3',
      'nested-linux-x64': '1.0.0',
      fast: '2.0.0',
    },
  },
  'node_modules/@tool/linux-x64-gnu': { version: '1.2.3' },
  'node_modules/tool/node_modules/nested-linux-x64': { version: '1.0.0' },
}

test('packages for other platforms that a lock file lacks are found, and an entry is made where the name tells the platform', (t) => {
  const missing = missingFromLock({ packages })
  assert.deepEqual(
    missing,
    new Map<string, object | null>([
      [
        'node_modules/@tool/linux-x64-musl',
        { version: '1.2.3', cpu: ['x64'], license: 'MIT', optional: true, os: ['linux'], dev: true, libc: ['musl'] },
      ],
      ['node_modules/@tool/darwin-arm64', { version: '1.2.3', cpu: ['arm64'], license: 'MIT', optional: true, os: ['darwin'], dev: true }],
      ['node_modules/fast', null],
    ]),
  )
  const problems = checkLock(folderWith(t, { 'package-lock.json': JSON.stringify({ packages }) }))
  assert.equal(problems.length, 3)
  assert.match(problems[0], /node_modules\/@tool\/linux-x64-musl is missing, so npm ci will fail/)
  const whole = { packages: { '': { version: '1.0.0' } } }
  assert.deepEqual(checkLock(folderWith(t, { 'package-lock.json': JSON.stringify(whole) })), [])
})
