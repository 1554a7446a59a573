// Builds the WebAssembly that is committed with its C source. `node tools/wasm.ts` writes it; `--check` builds it aside and
// compares. Needs clang and lld of the version below, as Debian 12 has them: another gives other bytes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ROOT } from './files.ts'

/** The compiler that the committed bytes come from. */
export const CLANG_MAJOR = 14

/** Each C source, and what is made of it. */
export const MODULES: readonly { readonly source: string; readonly built: string }[] = [
  { source: 'packages/log/record/wasm/filter.c', built: 'packages/log/record/wasm/filter.wasm' },
]

const FLAGS = [
  '--target=wasm32',
  '-O3',
  '-nostdlib',
  '-mbulk-memory',
  '-msimd128',
  '-Wl,--no-entry',
  '-Wl,--strip-all',
  '-Wl,-z,stack-size=16384',
  '-fno-ident',
]

/** Compiles a source; the bytes of the module. */
export function buildWasm(source: string, clang = 'clang'): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-wasm-'))
  try {
    const out = join(dir, 'module.wasm')
    execFileSync(clang, [...FLAGS, '-o', out, join(ROOT, source)])
    return readFileSync(out)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The major version of a clang. */
export function clangMajor(clang = 'clang'): number {
  return Number(/version (\d+)\./.exec(execFileSync(clang, ['--version'], { encoding: 'utf8' }))?.[1])
}

if (import.meta.main) {
  if (clangMajor() !== CLANG_MAJOR) throw new Error(`clang ${CLANG_MAJOR} is wanted, this one is ${clangMajor()}`)
  for (const { source, built } of MODULES) {
    const bytes = buildWasm(source)
    if (!process.argv.includes('--check')) writeFileSync(join(ROOT, built), bytes)
    else if (!bytes.equals(readFileSync(join(ROOT, built)))) {
      process.stderr.write(`tools/wasm: ${built} is not what ${source} gives; run node tools/wasm.ts and commit\n`)
      process.exitCode = 1
    }
  }
}
