import type { Address } from '@pullbox/ip'
import type { Command } from '../command.ts'
import { COMMON } from '../command.ts'
import type { Context } from '../context.ts'
import type { Given } from '../arguments.ts'
import { EXIT, ExitError, usage } from '../exit.ts'
import { readLines } from '../input-lines.ts'
import { hostile, hostileJson } from '../output/hostile.ts'

const addresses = { name: 'ADDRESS', says: 'addresses; without any, one a line from stdin', optional: true, many: true } as const

const normalize: Command = {
  name: 'normalize',
  summary: 'print addresses and prefixes in their one usual form (RFC 5952)',
  group: 'net',
  args: [{ ...addresses, name: 'ADDRESS|PREFIX' }],
  options: [COMMON.json],
  examples: [{ line: 'pullbox ip normalize ::ffff:c000:280', says: '::ffff:192.0.2.128' }],
  run: (ctx, given) =>
    eachLine(ctx, given, async () => {
      const { format, formatPrefix, parse, parsePrefix } = await import('@pullbox/ip')
      return (text) => {
        const normalized = text.includes('/') ? formatPrefix(parsePrefix(text)) : format(parse(text))
        return { text: normalized, object: { type: 'address', input: text, normalized } }
      }
    }),
}

const bytes: Command = {
  name: 'bytes',
  summary: 'print the 16 bytes of addresses; IPv4 stands mapped',
  group: 'net',
  args: [addresses],
  options: [COMMON.json],
  examples: [{ line: 'pullbox ip bytes 192.0.2.1', says: '00000000000000000000ffffc0000201' }],
  run: (ctx, given) =>
    eachLine(ctx, given, async () => {
      const { parse } = await import('@pullbox/ip')
      return (text) => {
        const address = parse(text)
        const hex = Buffer.from(address.bytes).toString('hex')
        return { text: hex, object: { type: 'address', input: text, hex, family: address.family, zone: address.zone || undefined } }
      }
    }),
}

const match: Command = {
  name: 'match',
  summary: 'print the addresses that are in a prefix, and which',
  group: 'net',
  details:
    'The longest prefix that holds an address is printed beside it. A v4 address that stands mapped (::ffff:a.b.c.d) is compared as v4. Addresses in none of the prefixes are left out; with --match the exit status is then 1 when none was in any.',
  args: [
    { name: 'PREFIX', says: 'a prefix, or several with commas: 10.0.0.0/8,2001:db8::/32' },
    { ...addresses, many: true },
  ],
  options: [{ name: 'match', says: 'exit status 1 when no address matches' }, COMMON.json],
  examples: [
    { line: 'pullbox ip match 10.0.0.0/8 10.1.2.3 192.0.2.1', says: '10.1.2.3  10.0.0.0/8' },
    { line: 'pullbox ip match fe80::/10,fc00::/7 < addresses.txt', says: 'one address a line' },
  ],
  run: runMatch,
}

const sort: Command = {
  name: 'sort',
  summary: 'sort addresses by their bytes',
  group: 'net',
  args: [addresses],
  options: [{ name: 'unique', short: 'u', says: 'each address once' }, COMMON.json],
  examples: [{ line: 'pullbox ip sort 10.0.0.10 10.0.0.9', says: '10.0.0.9 comes first' }],
  run: runSort,
}

export const command: Command = {
  name: 'ip',
  summary: 'addresses and prefixes',
  group: 'net',
  examples: normalize.examples,
  commands: [normalize, bytes, match, sort],
}

interface Line {
  readonly text: string
  readonly object: { readonly type: string } & Record<string, unknown>
}

/** Answers each text in turn. One that is wrong is said on stderr, the others are still answered, and the exit status is 2. */
async function eachLine(
  ctx: Context,
  given: Given,
  load: () => Promise<(text: string) => Line | null>,
  args = given.args,
): Promise<number> {
  const answer = await load()
  const json = given.has('json')
  let wrong = 0
  let printed = 0
  let read = 0
  ctx.covered(() => `stopped after ${read} addresses`)
  let out = ''
  for await (const text of texts(ctx, args)) {
    if (ctx.signal.aborted) break
    read++
    const line = await attempt(ctx, json, text, answer)
    if (line === 'wrong') wrong++
    else if (line !== null) {
      printed++
      out += json ? `${hostileJson(line.object)}\n` : `${hostile(line.text, ctx.color.stdout)}\n`
    }
    if (out.length > 32_768) {
      await ctx.stdout.write(out)
      out = ''
    }
  }
  await ctx.stdout.write(out)
  if (wrong > 0) return EXIT.usage
  return printed === 0 && given.command.options?.some((o) => o.name === 'match') && given.has('match') ? EXIT.noMatch : EXIT.done
}

async function attempt<T>(ctx: Context, json: boolean, text: string, answer: (text: string) => T): Promise<T | 'wrong'> {
  try {
    return answer(text)
  } catch (error) {
    const e = error as { code?: unknown; message: string }
    if (typeof e.code !== 'string' || !e.code.startsWith('IP_')) throw error
    const { errorLine } = await import('../shell.ts')
    const said = { code: e.code, message: `"${text}": ${e.message}`, at: '', hint: '' }
    await ctx.stderr.write(json ? `${hostileJson({ type: 'error', ...said })}\n` : errorLine(said, ctx.color.stderr))
    return 'wrong'
  }
}

async function* texts(ctx: Context, args: readonly string[]): AsyncGenerator<string> {
  if (args.length > 0) {
    yield* args
    return
  }
  if (ctx.stdin.isTTY) throw usage('no addresses given', 'give them as arguments or on stdin')
  for await (const line of readLines(ctx.stdin)) if (line.trim() !== '') yield line.trim()
}

async function runMatch(ctx: Context, given: Given): Promise<number> {
  const { formatPrefix, parse, parsePrefix, PrefixTable, unmap } = await import('@pullbox/ip')
  const table = new PrefixTable<string>()
  for (const text of given.args[0].split(',')) {
    const prefix = parsePrefix(text.trim())
    table.set(prefix, formatPrefix(prefix))
  }
  const answer = (text: string): Line | null => {
    const prefix = table.get(unmap(parse(text)))
    return prefix === undefined ? null : { text: `${text}  ${prefix}`, object: { type: 'match', address: text, prefix } }
  }
  return eachLine(ctx, given, async () => answer, given.args.slice(1))
}

/** Most addresses that are sorted in memory. */
const SORT_MOST = 20_000_000

async function runSort(ctx: Context, given: Given): Promise<number> {
  const { compare, format, parse } = await import('@pullbox/ip')
  const list: Address[] = []
  let wrong = 0
  ctx.covered(() => `stopped; ${list.length} addresses were read and none printed`)
  for await (const text of texts(ctx, given.args)) {
    const address = await attempt(ctx, given.has('json'), text, parse)
    if (address === 'wrong') wrong++
    else if (list.push(address) > SORT_MOST)
      throw new ExitError(EXIT.limit, 'CLI_TOO_MANY', `more than ${SORT_MOST} addresses`, { hint: 'sort parts of them' })
  }
  list.sort(compare)
  let out = ''
  for (const [i, address] of list.entries()) {
    if (given.has('unique') && i > 0 && compare(list[i - 1], address) === 0) continue
    const text = format(address)
    out += given.has('json') ? `${hostileJson({ type: 'address', normalized: text })}\n` : `${hostile(text, ctx.color.stdout)}\n`
    if (out.length > 32_768) {
      await ctx.stdout.write(out)
      out = ''
    }
  }
  await ctx.stdout.write(out)
  return wrong > 0 ? EXIT.usage : EXIT.done
}
