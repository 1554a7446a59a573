import type { PipeNode } from '../language/index.ts'
import type { Pipe } from './pipe.ts'

/** `drop_empty_fields`: rows without any value go. Empty fields are missing fields here, so there is nothing else to drop. */
export const dropEmptyFields: Pipe<PipeNode> = {
  names: ['drop_empty_fields'],
  kind: 'local',
  parse: () => ({ op: 'drop_empty_fields' }),
  needs: () => null,
  create: () => ({
    kind: 'local',
    transform: ({ view, picked }) => {
      const columns = [...view.names()].flatMap((name) => view.column(name) ?? [])
      return { view, picked: picked.filter((i) => columns.some((column) => column.text(i) !== '')) }
    },
  }),
}
