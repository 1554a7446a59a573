import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT, houseFiles } from './files.ts'
import { service, servicesRequired } from './services.ts'
import { CLANG_MAJOR, MODULES, buildWasm, clangMajor } from './wasm.ts'

test('the WebAssembly that is committed is what its source gives, byte for byte', (t) => {
  const clang = service('clang')
  if (clang === null || service('wasm-ld') === null) return t.skip('clang or lld is missing')
  const major = clangMajor(clang.path)
  if (major !== CLANG_MAJOR) {
    assert.ok(!servicesRequired(), `clang ${CLANG_MAJOR} is wanted here, not ${major}`)
    process.stderr.write(`SKIPPED: clang ${major} gives other bytes than clang ${CLANG_MAJOR}, from which the committed ones come\n`)
    return t.skip(`clang ${major}`)
  }
  for (const { source, built } of MODULES)
    assert.ok(buildWasm(source, clang.path).equals(readFileSync(join(ROOT, built))), `${built} differs; run node tools/wasm.ts and commit`)
})

test('every WebAssembly of the house has its source in the list', () => {
  const committed = houseFiles(ROOT).filter((path) => path.endsWith('.wasm'))
  assert.deepEqual(committed, MODULES.map(({ built }) => built).toSorted())
})
