/**
 * Headers of every answer: logs are nobody's to cache, a browser takes them as the type that is said, and no page shows them in a
 * frame.
 */
export const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const
