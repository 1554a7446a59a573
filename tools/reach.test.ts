import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachable } from './reach.ts'

test('imports, types, lazy imports and workers are come to; what only tests use is not', () => {
  const files: Record<string, string> = {
    'p/index.ts': "export * from './a/a.ts'\nimport type { T } from './types.ts'\nexport type { T }\n",
    'p/a/a.ts':
      'const lazy = () => import("../lazy.ts")\nnew URL(`./work${extname(x)}`, import.meta.url)\nnew URL("./other-worker" + end)\n',
    'p/types.ts': 'export interface T {}\n',
    'p/lazy.ts': "const not = 'seed.ts' // './seed.ts'\n",
    'p/a/work.ts': "import './work.ts'\nimport '@other/thing'\n",
    'p/a/other-worker.ts': '',
    'p/seed.ts': '',
    'p/a/a.test.ts': "import '../seed.ts'\n",
    'p/a/a.fixture.ts': '',
    'p/asset.wasm': '',
  }
  const found = reachable(Object.keys(files), ['p/index.ts', 'p/none.ts'], (path) => files[path])
  assert.deepEqual([...found].toSorted(), ['p/a/a.ts', 'p/a/other-worker.ts', 'p/a/work.ts', 'p/index.ts', 'p/lazy.ts', 'p/types.ts'])
})
