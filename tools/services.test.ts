import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from './files.ts'
import { folderWith } from './folder.fixture.ts'
import { SERVICES, findProgram, missingServices, service, servicesRequired } from './services.ts'

test('a program is found on PATH when it may be run', (t) => {
  const folder = folderWith(t, { 'odd-program': '#!/bin/sh\n', 'plain-file': 'x' })
  chmodSync(join(folder, 'odd-program'), 0o755)
  chmodSync(join(folder, 'plain-file'), 0o644)
  const env = { PATH: `/nowhere:${folder}` }
  assert.equal(findProgram('odd-program', env), join(folder, 'odd-program'))
  assert.equal(findProgram('plain-file', env), null)
  assert.equal(findProgram('no-such-program-at-all', env), null)
})

test('a missing service is a skip that says so here, and an error where services are required', () => {
  const script = `const { service, SERVICES } = await import(process.argv[1])
    SERVICES.ghost = { package: 'ghost-package', program: 'no-such-program-at-all', why: 'shows it' }
    console.log(JSON.stringify(service('ghost')))`
  const run = (env: object) => {
    const { CI: _, REQUIRE_SERVICES: __, ...clean } = process.env
    return spawnSync(process.execPath, ['--input-type=module', '-e', script, pathToFileURL(join(ROOT, 'tools/services.ts')).href], {
      env: { ...clean, ...env },
      encoding: 'utf8',
    })
  }
  const laptop = run({})
  assert.equal(laptop.stdout.trim(), 'null')
  assert.match(laptop.stderr, /SKIPPED: no-such-program-at-all is missing \(apt-get install ghost-package; it shows it\)/)
  for (const env of [{ CI: 'true' }, { REQUIRE_SERVICES: '1' }]) {
    const strict = run(env)
    assert.notEqual(strict.status, 0)
    assert.match(strict.stderr, /Error: no-such-program-at-all is missing/)
  }
  assert.equal(servicesRequired({ CI: 'false' }), false)
  assert.throws(() => service('unheard-of'), /no service "unheard-of"/)
})

test('what is listed as missing is what is not found', () => {
  assert.deepEqual(
    missingServices(),
    Object.keys(SERVICES).filter((name) => findProgram(SERVICES[name].program) === null),
  )
})

test('the two log daemons, which no package manager installs together, both run', (t) => {
  for (const name of ['rsyslogd', 'syslog-ng']) {
    const found = service(name)
    if (found === null) {
      t.skip(`${name} is missing`)
      return
    }
    const flag = name === 'rsyslogd' ? '-v' : '--version'
    const said = spawnSync(found.path, [flag], { encoding: 'utf8' })
    assert.equal(said.status, 0, said.stderr)
    assert.match(said.stdout, new RegExp(`^${name}`))
  }
})
