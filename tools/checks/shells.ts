import { houseFiles, isSource, read } from '../files.ts'
import { type Token, tokenize } from '../tokens.ts'

const DOOR = 'packages/pullbox/exec/'
const SHELLS = ['exec', 'execSync']

/** Programs started through a shell: exec, execSync or `shell` of node:child_process, anywhere but in the one door. */
export function checkShells(root: string): string[] {
  return houseFiles(root).flatMap((path) => {
    if (!isSource(path) || path.startsWith(DOOR)) return []
    const tokens = tokenize(read(root, path))
    return starts(tokens).map(({ what, line }) => `${path}:${line}: ${what}; run a program with a list of arguments and no shell`)
  })
}

function starts(tokens: readonly Token[]): { what: string; line: number }[] {
  const module = tokens.findIndex(({ kind, text }) => kind === 'string' && /^(?:node:)?child_process$/.test(text))
  if (module === -1) return []
  const found: { what: string; line: number }[] = []
  const names = namesImported(tokens)
  tokens.forEach((token, i) => {
    if (token.kind !== 'word') return
    const before = tokens[i - 1]?.text
    if (SHELLS.includes(token.text)) {
      // `pattern.exec(text)` is a regular expression; `import {exec}` and `child_process.exec` are not.
      const owner = before === '.' ? tokens[i - 2]?.text : undefined
      if (names.imports.has(i) || (owner !== undefined && names.whole.has(owner)))
        found.push({ what: `${token.text} of child_process`, line: token.line })
    }
    const value = tokens[i + 2]
    if (
      token.text === 'shell' &&
      tokens[i + 1]?.text === ':' &&
      value !== undefined &&
      (value.text === 'true' || value.kind === 'string')
    ) {
      found.push({ what: 'the option `shell`', line: token.line })
    }
  })
  return found
}

/** Positions of names in `import {...} from 'child_process'`, and the names that stand for the whole module. */
function namesImported(tokens: readonly Token[]): { imports: Set<number>; whole: Set<string> } {
  const imports = new Set<number>()
  const whole = new Set<string>()
  tokens.forEach(({ text, kind }, end) => {
    if (kind !== 'string' || !/^(?:node:)?child_process$/.test(text)) return
    let at = end - 1
    while (at >= 0 && end - at < 64 && !['import', 'const', 'let', 'var'].includes(tokens[at].text)) at--
    for (let i = at + 1; i < end; i++) {
      if (tokens[i].kind !== 'word' || tokens[i].text === 'from' || tokens[i].text === 'as' || tokens[i].text === 'type') continue
      imports.add(i)
      if (!SHELLS.includes(tokens[i].text)) whole.add(tokens[i].text)
    }
  })
  return { imports, whole }
}
