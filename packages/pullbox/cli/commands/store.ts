import type { Command } from '../command.ts'
import { cat } from './store/cat.ts'
import { exportCommand } from './store/export.ts'
import { fsck } from './store/fsck.ts'
import { ls } from './store/ls.ts'

export const command: Command = {
  name: 'store',
  summary: 'look into the files of the store, check, repair and export them',
  group: 'files',
  details:
    'The store is the one that the configuration names, or the directory given with --store. All of these read beside a running collector; only fsck --repair needs the store for itself.',
  commands: [ls, cat, fsck, exportCommand],
  examples: [{ line: 'pullbox store ls', says: 'the segments' }],
}
