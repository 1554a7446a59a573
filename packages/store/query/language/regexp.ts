export function compileRegexp(pattern: string, fail: (message: string) => never): void {
  try { new RegExp(pattern, 'u') } catch (error) { fail(String(error)) }
}
