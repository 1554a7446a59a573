import { EXIT, ExitError } from './exit.ts'

/** A line longer than this is no line of what is read here, in characters. */
const LONGEST = 64 << 20

/**
 * Lines of text without their line feed (a carriage return before it goes too); the last needs none. Bytes that are not UTF-8
 * read as U+FFFD.
 * @throws CLI_LINE_TOO_LONG
 */
export async function* readLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let open: string[] = []
  let length = 0
  for await (const chunk of stream) {
    const parts = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split('\n')
    for (let i = 0; i < parts.length; i++) {
      open.push(parts[i])
      length += parts[i].length
      if (length > LONGEST) throw new ExitError(EXIT.limit, 'CLI_LINE_TOO_LONG', `a line is longer than ${LONGEST} characters`)
      if (i === parts.length - 1) continue
      yield open.join('').replace(/\r$/, '')
      open = []
      length = 0
    }
  }
  const last = open.join('') + decoder.decode()
  if (last !== '') yield last.replace(/\r$/, '')
}
