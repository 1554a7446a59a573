import { parse, parsePrefix } from '@pullbox/ip'
import * as z from 'zod'
import type { Listen } from './listen.ts'
import { parseListen } from './listen.ts'
import { parseDuration, parseSize } from './quantities.ts'

/** Turns what a reader throws into an issue of the schema at that key. */
function read<T>(reader: (value: never) => T) {
  return (value: unknown, ctx: z.RefinementCtx): T => {
    try {
      return reader(value as never)
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message })
      return z.NEVER
    }
  }
}

const least = (limit: number, what: string) => (n: number, ctx: z.RefinementCtx) => {
  if (n < limit) ctx.addIssue({ code: 'custom', message: `must be at least ${what}` })
}
const most = (limit: number, what: string) => (n: number, ctx: z.RefinementCtx) => {
  if (n > limit) ctx.addIssue({ code: 'custom', message: `must be at most ${what}` })
}

const quantity = z.union([z.string(), z.number()], { error: 'must be a number or a text with a unit' })
/** Bytes. */
const size = quantity.transform(read<number>(parseSize))
/** Microseconds. */
const duration = quantity.transform(read<number>(parseDuration))

const text = z.string({ error: 'must be a text' }).min(1, 'must not be empty')
const path = text
  .refine((p) => !p.includes('\0'), 'a path holds no NUL')
  .refine((p) => !p.startsWith('~'), 'a leading ~ is not expanded here; write the folder out')

function listenOf(value: string): Listen {
  const found = parseListen(value)
  if (found === null) throw new Error(`"${value}" is no address with a port; write "[::]:5514", "127.0.0.1:8514" or "localhost:8514"`)
  return found
}
const listen = z.string({ error: 'must be an address with a port, such as "[::]:5514"' }).transform(read<Listen>(listenOf))
/** One address or several; absent or null = none. */
const listens = z
  .union([z.null().transform(() => []), listen.transform((one) => [one]), z.array(listen)], {
    error: 'must be an address with a port, such as "[::]:5514", or a list of them',
  })
  .default([])

const prefix = z.string({ error: 'must be an address or a prefix, such as 10.0.0.0/8' }).transform(
  read<string>((value: string) => {
    if (value.includes('/')) parsePrefix(value)
    else parse(value)
    return value
  }),
)
/** A peer as the sources list shows it: an address, a prefix, or the socket of local programs. */
const match = z.string({ error: 'must be an address, a prefix or unix:/path' }).transform(
  read<string>((value: string) => {
    if (value.startsWith('unix:/')) return value
    if (value.includes('/')) parsePrefix(value)
    else parse(value)
    return value
  }),
)
const zone = text.refine((name) => {
  if (/^[+-]\d\d:\d\d$/.test(name)) return true
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return true
  } catch {
    return false
  }
}, 'is no zone; write UTC, +01:00 or a name such as Europe/Berlin')

export const LISTEN_DEFAULT = '[::]:5514'

const syslogOptions = z
  .strictObject({
    udp: listens,
    tcp: listens,
    framing: z.enum(['auto', 'octet', 'lf']).default('auto'),
    receive_buffer: size
      .superRefine(least(4096, '4KiB'))
      .superRefine(most(2 ** 30, '1GiB'))
      .default(16 * 2 ** 20),
  })
  .refine((o) => o.udp.length + o.tcp.length > 0, 'listens nowhere: give udp or tcp an address')

const syslog = z.strictObject({
  type: z.literal('syslog'),
  options: syslogOptions.prefault({ udp: LISTEN_DEFAULT, tcp: LISTEN_DEFAULT }),
})

const unix = z.strictObject({
  type: z.literal('unix'),
  /** auto: /dev/log. */
  options: z.strictObject({ path: path.default('auto') }).prefault({}),
})

const source = z.strictObject({
  match,
  zone: zone.nullable().default(null),
  /** Microseconds without a message after which a source counts as silent; null = learnt. */
  silence: duration.superRefine(least(1e6, '1s')).nullable().default(null),
})

/** Options of the embedded store. Null = keep for ever, and use all of the disk. */
const segments = z.strictObject({
  path: path.optional(),
  retention: z
    .strictObject({
      days: z
        .number({ error: 'must be a number of days' })
        .int('must be a whole number of days')
        .min(1, 'must be at least 1')
        .nullable()
        .default(null),
      bytes: size
        .superRefine(least(64 * 2 ** 20, '64MiB'))
        .nullable()
        .default(null),
    })
    .prefault({}),
})

const store = z.union([
  z.strictObject({ type: z.literal('segments').default('segments'), options: segments.prefault({}) }),
  z.strictObject({
    type: z.literal('memory'),
    options: z.strictObject({ bytes: size.superRefine(least(2 ** 20, '1MiB')).optional() }).prefault({}),
  }),
  // Another driver checks its options itself, against the schema that it registers.
  z.strictObject({
    type: text.refine((t) => t !== 'segments' && t !== 'memory', { abort: true }),
    options: z.record(z.string(), z.unknown()).default({}),
  }),
])

const http = z.strictObject({
  /** Null: no page and no API. */
  address: listen.nullable().prefault('127.0.0.1:8514'),
  names: z.array(text).default([]),
  trusted_proxies: z.array(prefix).default([]),
  tls: z.null({ error: 'TLS is not built yet' }).default(null),
})

const auth = z.strictObject({ type: z.literal('none'), options: z.strictObject({}).prefault({}) })

const limits = z.strictObject({
  /** Bytes of a message that are kept; the rest is cut and the record marked. */
  message: size
    .superRefine(least(480, '480 (RFC 5424 6.1)'))
    .superRefine(most(64 * 2 ** 20, '64MiB'))
    .default(5 * 2 ** 20),
  /** Bytes of memory that received and not yet stored records may take. */
  memory: size.superRefine(least(64 * 2 ** 20, '64MiB')).default(512 * 2 ** 20),
})

export const configSchema = z.strictObject({
  inputs: z.array(z.discriminatedUnion('type', [syslog, unix]), { error: 'must be a list' }).prefault([{ type: 'syslog' }]),
  sources: z.array(source, { error: 'must be a list' }).default([]),
  store: store.prefault({ type: 'segments' }),
  http: http.prefault({}),
  auth: auth.prefault({ type: 'none' }),
  limits: limits.prefault({}),
})

/** What the file may hold. */
export type RawConfig = z.input<typeof configSchema>
/** What it means, defaults filled in; only the store's path may still be open. */
export type ParsedConfig = z.output<typeof configSchema>

/** Keys of the whole design whose part is not built yet. */
export const KEYS_NOT_BUILT = ['readers', 'rules', 'kv', 'outputs', 'flow', 'flood'] as const
/** Types that are named in the design and not built yet, by the key that holds them. */
export const TYPES_NOT_BUILT = {
  inputs: ['relp', 'journal', 'file', 'program'],
  store: ['clickhouse'],
  auth: ['token', 'htpasswd', 'ldap', 'kerberos', 'certificate'],
} as const
/** Types that are built. */
export const TYPES_BUILT = { inputs: ['syslog', 'unix'], store: ['segments', 'memory'], auth: ['none'] } as const
/** Other keys that are not built yet; null says the same as leaving them out. */
export const PATHS_NOT_BUILT: readonly (readonly [RegExp, string])[] = [
  [/^http\.tls$/, 'http.tls'],
  [/^http\.trusted_proxies\[\d+\]$/, 'http.trusted_proxies'],
  [/^inputs\[\d+\]\.options\.tls$/, 'options.tls of input syslog'],
]
