import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery, type FilterNode } from './index.ts'
import { pipeParsers } from '../pipe/index.ts'
import { statsFunctions } from '../stats/index.ts'

const now = Date.UTC(2024, 4, 30, 1, 2, 3) * 1000

function filter(text: string, tz = 'UTC'): FilterNode {
  return parseQuery(text, { now, tz }).filter
}

function range(text: string, tz = 'UTC'): [number, number] {
  const node = filter(text, tz)
  assert.equal(node.op, 'time')
  if (node.op !== 'time') throw new Error('unreachable')
  return [node.since, node.until]
}

test('errors name the column and what to do', () => {
  const fails = (text: string, at: string, code = 'QUERY_SYNTAX'): void => assert.throws(() => parseQuery(text), { code, at }, text)
  fails('foo | ', 'column 7')
  fails('foo (bar', 'column 9')
  fails('a:range(1, x)', 'column 12')
  fails('a b "c', 'column 5')
  fails('foo | frob(', 'column 11')
  fails('* | sort by (a)', 'column 5', 'QUERY_PIPE_NOT_BUILT')
  assert.throws(() => parseQuery('stats count()'), { code: 'QUERY_SYNTAX', hint: /quotes/u })
  assert.throws(() => parseQuery('a:"x\\."'), { hint: /backslash/u })
})

test('times: precision, zones, bounds, offsets', () => {
  const day = 86_400e6
  const start = Date.UTC(2024, 4, 1) * 1000
  assert.deepEqual(range('_time:2024-05Z'), [start, start + 31 * day])
  assert.deepEqual(range('_time:2024-05-01'), [start, start + day])
  assert.deepEqual(range('_time:2024-05-01', 'Europe/Berlin'), [start - 2 * 3600e6, start - 2 * 3600e6 + day])
  // the day on which the clock goes forward has 23 hours
  const spring = range('_time:2024-03-31', 'Europe/Berlin')
  assert.equal(spring[1] - spring[0], 23 * 3600e6)
  assert.deepEqual(range('_time:[2024-05-01Z, 2024-05-02Z]'), [start, start + 2 * day])
  assert.deepEqual(range('_time:[2024-05-01Z, 2024-05-02Z) offset 1d'), [start - day, start])
  assert.deepEqual(range('_time:>=1h'), [-Infinity, range('_time:[now-1h, now-1h]')[1]])
  const hour = range('_time:1h')
  assert.ok(hour[0] > now - 3600e6 && hour[0] < now - 3600e6 + 1 && hour[1] > now && hour[1] < now + 1)
  assert.deepEqual(range('_time:offset 1h'), [-Infinity, hour[0]])
  assert.equal(range('_time:[1562529662678, now]')[0], 1562529662678000)
  assert.deepEqual(parseQuery('options(time_offset=1d) _time:2024-05-02Z', { now }).filter, {
    op: 'time',
    since: start,
    until: start + day,
    text: '2024-05-02Z',
  })
})

test('our extensions: severity by rank, address prefixes, and how to ask for the plain meaning', () => {
  assert.deepEqual(filter('severity:<=warning'), { op: 'severity_range', field: 'severity', min: 0, max: 4, text: '<=warning' })
  assert.deepEqual(filter('severity:>ERR'), { op: 'severity_range', field: 'severity', min: 4, max: 7, text: '>ERR' })
  assert.equal(filter('severity:<=4').op, 'range')
  assert.equal(filter('level:<=warning').op, 'string_range')
  assert.deepEqual(filter('remote_ip:10.0.0.0/8'), { op: 'ip_prefix', field: 'remote_ip', prefix: '10.0.0.0/8' })
  assert.deepEqual(filter('remote_ip:2001:db8::/32'), { op: 'ip_prefix', field: 'remote_ip', prefix: '2001:db8::/32' })
  assert.equal(filter('remote_ip:"10.0.0.0/8"').op, 'phrase')
  assert.equal(filter('10.0.0.0/8').op, 'phrase')
  assert.equal(filter('path:1/2').op, 'phrase')
})

test('subqueries are read with the pipes of the query around', () => {
  const options = { now, pipes: pipeParsers, statsFunctions: statsFunctions.keys() }
  const query = parseQuery('user:in(_time:1d path:admin | fields user) | fields user, _msg', options)
  assert.equal(query.filter.op === 'in' && query.filter.set.kind === 'query' && query.filter.set.query.pipes.length, 1)
  assert.deepEqual(query.pipeTexts, ['fields user, _msg'])
  assert.throws(() => parseQuery('user:in(path:admin error)', options), { code: 'QUERY_SYNTAX', hint: /fields/u })
})
