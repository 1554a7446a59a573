import type { Given } from '../arguments.ts'
import { usage } from '../exit.ts'

/**
 * The whole number of an option; undefined when it is not given.
 * @throws CLI_USAGE for anything but digits, and below `least`
 */
export function wholeNumber(given: Pick<Given, 'text'>, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const bound = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`
  throw usage(`--${name} takes a whole number ${bound}, not "${text}"`)
}
