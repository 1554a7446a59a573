import { announced, findCollector } from '../../collector/announce.ts'
import type { Finding } from './finding.ts'
import { ok, warn } from './finding.ts'

/** Whether a collector writes to the store, and answers. */
export async function checkCollector(storePath: string): Promise<Finding> {
  const found = announced(storePath)
  if (found === null) return ok('collector', 'none runs on this store')
  const who = `pid ${found.pid}, version ${found.version}`
  if (found.http === null) return ok('collector', `${who}, without HTTP (http.address is null)`)
  if ((await findCollector(storePath)) !== null) return ok('collector', `${who}, answers at ${found.http}`)
  return warn(
    'collector',
    `${who}, does not answer at ${found.http}`,
    'look at what it says on stderr; when it is another program, remove collector.json from the store',
  )
}
