import { inspect } from 'node:util'
import { isAbsolute, join } from 'node:path'
import { CodedError } from '@pullbox/log/errors'
import * as z from 'zod'

/**
 * A secret that the configuration names but does not hold: `{file: PATH}`, or `{credential: NAME}` for a file that systemd
 * passes in `$CREDENTIALS_DIRECTORY`. It prints as `[secret]` wherever it is printed.
 */
export class Secret {
  readonly source: { readonly file: string } | { readonly credential: string }

  constructor(source: { readonly file: string } | { readonly credential: string }) {
    this.source = source
  }

  /**
   * Reads it; one line feed at the end does not belong to it.
   * @throws CONFIG_SECRET
   */
  reveal(env: Readonly<Record<string, string | undefined>>, readFile: (path: string) => string): string {
    const path = this.path(env)
    try {
      return readFile(path).replace(/\r?\n$/, '')
    } catch (cause) {
      throw new CodedError('CONFIG_SECRET', `the secret could not be read: ${(cause as Error).message}`, { at: path, cause })
    }
  }

  private path(env: Readonly<Record<string, string | undefined>>): string {
    if ('file' in this.source) return this.source.file
    const folder = env['CREDENTIALS_DIRECTORY']
    if (folder === undefined || !isAbsolute(folder)) {
      throw new CodedError('CONFIG_SECRET', `there is no credential "${this.source.credential}": CREDENTIALS_DIRECTORY is not set`, {
        hint: 'add LoadCredential= to the unit, or use {file: PATH}',
      })
    }
    return join(folder, this.source.credential)
  }

  toJSON(): string {
    return '[secret]'
  }

  toString(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

/** The schema of a key that takes a secret; a text is refused, so that no secret stands in a configuration file. */
export const secret = z
  .union([z.strictObject({ file: z.string().min(1) }), z.strictObject({ credential: z.string().regex(/^[\w.-]+$/) })], {
    error: 'a secret is given as {file: PATH} or {credential: NAME}, never as text',
  })
  .transform((source) => new Secret(source))
