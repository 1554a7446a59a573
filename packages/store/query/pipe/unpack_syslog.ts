import { FACILITIES, FLAG, FORMAT, Header, parseHeader, readStructuredData, SEVERITIES, zone } from '@pullbox/log/wire'
import { parseDuration, parseWord, type Lexer, type ParseContext } from '../language/index.ts'
import { deriveNeeds, deriveStage, parseConditional, parseFrom, parseKeep, type Derive } from './derive.ts'
import type { Pipe } from './pipe.ts'
import { formatTime } from './time.ts'
import { wanted, type UnpackNode } from './unpack.ts'

export interface UnpackSyslogNode extends UnpackNode {
  readonly op: 'unpack_syslog'
  /** Microseconds that the clock of senders which name no zone is ahead of UTC. */
  readonly offset: number
}

function parse(lexer: Lexer, context: ParseContext): UnpackSyslogNode {
  return parseConditional(lexer, context, () => {
    const from = parseFrom(lexer, true, 'offset', 'result_prefix')
    const offset = lexer.accept('offset') ? parseDuration(lexer) : 0
    const prefix = lexer.accept('result_prefix') ? parseWord(lexer, 'a prefix') : ''
    return { op: 'unpack_syslog' as const, from, offset, fields: [], prefix, keep: parseKeep(lexer) }
  })
}

/** Words of LogsQL for the severities; the others are called as syslog.h has them. */
const LEVELS: readonly string[] = SEVERITIES.map((name) => ({ crit: 'critical', err: 'error' })[name as string] ?? name)

/** What a header says, by LogsQL's names of fields. `received` decides the year of times that have none. */
function reader(offset: number, received: number): Derive {
  const header = new Header()
  const context = { received, zone: zone('UTC') }
  return (text, set) => {
    if (text === '') return
    const bytes = Buffer.from(text)
    parseHeader(bytes, 0, bytes.length, context, header)
    const put = (name: string, start: number, end: number): void => {
      if (end > start) set(name, bytes.toString('utf8', start, end))
    }
    const { priority } = header
    if (priority >= 0) {
      set('priority', String(priority))
      set('facility', String(priority >> 3))
      set('facility_keyword', FACILITIES[priority >> 3]!)
      set('severity', String(priority & 7))
      set('level', LEVELS[priority & 7]!)
    }
    const is5424 = header.format === FORMAT.rfc5424
    set('format', is5424 ? 'rfc5424' : 'rfc3164')
    if (is5424) put('timestamp', header.timeStart, header.timeEnd)
    else if (!Number.isNaN(header.time)) set('timestamp', formatTime(header.time - ((header.flags & FLAG.zoneAssumed) === 0 ? 0 : offset)))
    put('hostname', header.hostStart, header.hostEnd)
    put('app_name', header.appStart, header.appEnd)
    put('proc_id', header.pidStart, header.pidEnd)
    put('msg_id', header.msgidStart, header.msgidEnd)
    if (header.dataEnd > header.dataStart) {
      for (const { id, params } of readStructuredData(bytes, header.dataStart, header.dataEnd) ?? []) {
        if (params.length === 0) set(id, '')
        for (const [name, value] of params) set(`${id}.${name}`, value)
      }
    }
    put('message', header.messageStart, header.messageEnd)
  }
}

/** `unpack_syslog from field offset 2h result_prefix x`: the header of a syslog message (RFC 5424, RFC 3164) as fields. */
export const unpackSyslog: Pipe<UnpackSyslogNode> = {
  names: ['unpack_syslog'],
  kind: 'local',
  parse,
  needs: deriveNeeds,
  create: (node, { now }) => deriveStage(node, wanted(node, reader(node.offset, now))),
}
