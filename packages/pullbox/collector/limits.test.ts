import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const UNITS: Readonly<Record<string, number>> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, ms: 1, s: 1000 }

/** The value of a declaration that is a product, a shift or a power of two numbers, or one number. */
function value(expression: string): number {
  const [, a, operator, b = '1'] = /^([\d_]+)(?: (<<|\*\*|\*) (.+))?$/.exec(expression) ?? assert.fail(`cannot be read: ${expression}`)
  const left = Number(a.replaceAll('_', ''))
  if (operator === undefined) return left
  const right = value(b)
  return operator === '<<' ? left * 2 ** right : operator === '**' ? left ** right : left * right
}

test('docs/guides/limits.md says what the code has', () => {
  const page = readFileSync(join(ROOT, 'docs', 'guides', 'limits.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\S+) \| ([\d,]+) ?(\w*) \|/gm)]
  assert.ok(rows.length > 20, `${rows.length} rows were found`)
  for (const [, name, file, number, unit] of rows) {
    const source = readFileSync(join(ROOT, 'packages', file), 'utf8')
    const declared = new RegExp(`^export const ${name} = (.+)$`, 'm').exec(source)?.[1]
    assert.ok(declared !== undefined, `${file} declares no ${name}`)
    assert.equal(value(declared), Number(number.replaceAll(',', '')) * UNITS[unit], `${name} in ${file}`)
  }
})
