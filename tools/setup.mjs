// Brings what the scripts need, once: the pinned packages, and with them the pinned Node.
// Plain JavaScript without imports of ours, because it runs on the machine's own Node (20 or later) before anything is installed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = readFileSync(join(root, 'package-lock.json'))
const wanted = createHash('sha256').update(lock).digest('hex')
const stamp = join(root, 'node_modules', '.pullbox-setup')

const installed = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted

if (!installed()) {
  process.stderr.write('setup: installing the pinned packages (once)\n')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync(npm, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) {
    process.stderr.write(`setup: npm ci ended with ${result.status ?? result.signal}; the lines above say why\n`)
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}
