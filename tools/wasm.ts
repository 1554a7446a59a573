// Builds the WebAssembly that is committed with its C source. `node tools/wasm.ts` writes it; `--check` builds it aside and
// compares. Needs Debian's clang and lld.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const DIR = join(import.meta.dirname, '..', 'packages', 'log', 'record', 'wasm')
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

/** Compiles the source; the bytes of the module. */
export function buildWasm(): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'pullbox-wasm-'))
  try {
    const out = join(dir, 'filter.wasm')
    execFileSync('clang', [...FLAGS, '-o', out, join(DIR, 'filter.c')])
    return readFileSync(out)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const built = buildWasm()
  const file = join(DIR, 'filter.wasm')
  if (!process.argv.includes('--check')) writeFileSync(file, built)
  else if (!built.equals(readFileSync(file))) {
    process.stderr.write('tools/wasm: filter.wasm is not what filter.c gives with this clang; run node tools/wasm.ts and commit\n')
    process.exitCode = 1
  }
}
