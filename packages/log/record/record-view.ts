/** A record as people and programs see it: `pullbox search --json`, the HTTP API. Fields that a record lacks are left out. */
export interface RecordView {
  type: string
  id: string
  _time: string
  received: string
  source: string
  /** The network address of the sender, where it has one. */
  peer?: string
  host?: string
  app?: string
  pid?: string
  severity?: string
  priority?: number
  facility?: number
  _msg: string
  bytes_base64?: string
  parse?: { format: string; problem?: string; column?: number }
  truncated?: { kept: number; total: number }
  [derived: string]: unknown
}

const PLAIN = ['host', 'app', 'pid', 'severity'] as const
const TAKEN = new Set(['_time', '_msg', 'id', 'type', 'received', 'source', 'priority', 'facility', 'format', 'bytes_base64', ...PLAIN])

/** Builds the view from a record's flat fields (name to text) as rows of the query engine give them. */
export function recordView(id: string, fields: ReadonlyMap<string, string>): RecordView {
  const get = (name: string) => fields.get(name) ?? ''
  const view: RecordView = { type: get('type'), id, _time: get('_time'), received: get('received'), source: get('source'), _msg: '' }
  if (/^[0-9a-f.:]+$/i.test(view.source) && /[.:]/.test(view.source)) view.peer = view.source
  for (const name of PLAIN) if (get(name) !== '') view[name] = get(name)
  if (get('priority') !== '') view.priority = Number(get('priority'))
  if (get('facility') !== '') view.facility = Number(get('facility'))
  // Set anew, so that it stands behind the short fields.
  delete (view as Partial<RecordView>)._msg
  view._msg = get('_msg')
  if (get('bytes_base64') !== '') view.bytes_base64 = get('bytes_base64')
  view.parse = { format: get('format') }
  if (get('parse.problem') !== '') {
    view.parse.problem = get('parse.problem')
    view.parse.column = Number(get('parse.column'))
  }
  if (get('truncated.total') !== '') view.truncated = { kept: Number(get('truncated.kept')), total: Number(get('truncated.total')) }
  for (const [name, value] of fields) {
    if (value === '' || TAKEN.has(name) || name.startsWith('parse.') || name.startsWith('truncated.')) continue
    if (!(name in view)) view[name] = value
  }
  return view
}
