import type { Sink } from '../context.ts'
import { hostileJson } from './hostile.ts'

/**
 * Writes one object and a line feed; a reader that is cut off has whole lines up to the last. The object's `type` comes
 * first. Bytes are given as `{"$bytes": base64}` by the caller, not here.
 */
export function writeJson(sink: Sink, object: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<void> {
  return sink.write(`${hostileJson(object)}\n`)
}
