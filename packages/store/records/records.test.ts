import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

import { MemoryStore } from './memory.ts'
import { openSegments } from './segments/index.ts'
import { testRecordsStore } from './suite.ts'

testRecordsStore({
  name: 'memory',
  open: async () => new MemoryStore(),
})

const root = mkdtempSync(join(tmpdir(), 'pullbox-records-'))
after(() => rmSync(root, { recursive: true, force: true }))
let stores = 0

testRecordsStore({
  name: 'segments',
  open: (options) => openSegments({ ...options, path: join(root, String(++stores)) }),
  reopen: (options) => openSegments({ ...options, path: join(root, String(stores)) }),
})
