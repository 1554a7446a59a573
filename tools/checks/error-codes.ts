import { houseFiles, isSource, isTest, read } from '../files.ts'
import { type Token, tokenize } from '../tokens.ts'

/** First words of error codes; each has its page in docs/errors. A page that exists adds its own. */
const AREAS = [
  'IP',
  'EXEC',
  'QUERY',
  'STORE',
  'INPUT',
  'CONFIG',
  'CLI',
  'WIRE',
  'BLOCK',
  'LEDGER',
  'CBOR',
  'JSON',
  'HTTP',
  'CABLE',
  'FLOW',
  'FLOOD',
]
const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/
const PAGE = /^docs\/errors\/([a-z0-9-]+)\.md$/

/** Codes without a heading, headings without a code, and headings in the wrong page, under `root`. */
export function checkErrorCodes(root: string): string[] {
  const files = houseFiles(root)
  const pages = files.filter((path) => PAGE.test(path))
  const areas = new Set([...AREAS, ...pages.map((path) => areaOf(path))])
  const used = new Map<string, string>()
  for (const path of files) {
    if (!path.startsWith('packages/') || !isSource(path) || isTest(path)) continue
    for (const { code, line } of codesIn(tokenize(read(root, path)), areas)) if (!used.has(code)) used.set(code, `${path}:${line}`)
  }
  const problems: string[] = []
  const headed = new Set<string>()
  for (const path of pages) problems.push(...readPage(path, read(root, path), used, headed))
  for (const [code, where] of used) {
    if (!headed.has(code))
      problems.push(`${where}: ${code} has no heading "## ${code}" in docs/errors/${code.split('_')[0].toLowerCase()}.md`)
  }
  return problems
}

/** A large area may have several pages: `query.md`, `query-pipes.md`. */
function areaOf(page: string): string {
  return (PAGE.exec(page)?.[1] ?? '').split('-')[0].toUpperCase()
}

/** A whole string that looks like a code of a known area, or that is handed to the constructor of an error. */
function codesIn(tokens: readonly Token[], areas: ReadonlySet<string>): { code: string; line: number }[] {
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'string' || !CODE.test(token.text)) return []
    const thrown = tokens[i - 1]?.text === '(' && (tokens[i - 2]?.text ?? '').endsWith('Error') && tokens[i - 3]?.text === 'new'
    return thrown || areas.has(token.text.split('_')[0]) ? [{ code: token.text, line: token.line }] : []
  })
}

function readPage(path: string, text: string, used: ReadonlyMap<string, string>, headed: Set<string>): string[] {
  const problems: string[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const heading = /^## (.*)$/.exec(lines[i])?.[1]
    if (heading === undefined || !CODE.test(heading)) continue
    const say = (what: string) => problems.push(`${path}:${i + 1}: ${heading} ${what}`)
    if (!used.has(heading)) say('is raised by no source under packages/')
    if (headed.has(heading)) say('has a second heading')
    if (!heading.startsWith(`${areaOf(path)}_`)) say('belongs to the page of its own area')
    const rest = lines.slice(i + 1)
    const next = rest.findIndex((line) => line.startsWith('## '))
    if (
      rest
        .slice(0, next === -1 ? undefined : next)
        .join('')
        .trim() === ''
    )
      say('says nothing')
    headed.add(heading)
  }
  return problems
}
