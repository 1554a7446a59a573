import { CodedError } from '@pullbox/log/errors'

/** One thing that is wrong with a configuration. */
export interface Problem {
  readonly code: string
  readonly message: string
  /** `pullbox.yaml:14:3`, or the variable or flag that it came from. */
  readonly at: string
  readonly hint: string
}

/** A configuration that cannot be used: the first problem, and all of them. */
export class ConfigError extends CodedError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly [Problem, ...Problem[]]) {
    const [first, ...rest] = problems
    const more = rest.length > 0 ? `${first.hint ? `${first.hint} ` : ''}(${rest.length} more: pullbox config check)` : first.hint
    super(first.code, first.message, { at: first.at, hint: more })
    this.name = 'ConfigError'
    this.problems = problems
  }
}
