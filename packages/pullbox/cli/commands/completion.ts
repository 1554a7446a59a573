import type { Command, Option } from '../command.ts'
import { GLOBAL } from '../command.ts'
import { EXIT } from '../exit.ts'
import { allCommands } from '../registry.ts'

export const command: Command = {
  name: 'completion',
  summary: 'a completion script for a shell, of what is built',
  group: 'house',
  args: [{ name: 'SHELL', says: 'which shell', choices: ['bash', 'zsh', 'fish'] }],
  examples: [
    { line: 'pullbox completion bash > /etc/bash_completion.d/pullbox', says: 'for all users of bash' },
    { line: 'pullbox completion fish > ~/.config/fish/completions/pullbox.fish', says: 'for one user of fish' },
  ],
  async run(ctx, given) {
    const nodes = flatten(await allCommands())
    const scripts: Record<string, (list: readonly Node[]) => string> = { bash, zsh, fish }
    await ctx.stdout.write(scripts[given.args[0]](nodes))
    return EXIT.done
  },
}

/** A command with its words, such as `config check`; the empty path is the program itself. */
interface Node {
  readonly path: string
  readonly summary: string
  readonly words: readonly { word: string; says: string }[]
  readonly options: readonly Option[]
  /** Values of the first argument, where they are few. */
  readonly choices: readonly string[]
  readonly files: boolean
}

function flatten(commands: readonly Command[]): Node[] {
  const words = (list: readonly Command[]) => list.map((c) => ({ word: c.name, says: c.summary }))
  const node = (c: Command, path: string): Node[] => [
    {
      path,
      summary: c.summary,
      words: words(c.commands ?? []),
      options: [...(c.options ?? []), ...GLOBAL],
      choices: c.args?.[0]?.choices ?? [],
      files: c.args?.some((a) => a.completes !== undefined) ?? false,
    },
    ...(c.commands ?? []).flatMap((sub) => node(sub, `${path} ${sub.name}`)),
  ]
  const root: Node = { path: '', summary: '', words: words(commands), options: [], choices: [], files: false }
  return [root, ...commands.flatMap((c) => node(c, c.name))]
}

const spellings = (o: Option) => [`--${o.name}`, ...(o.short ? [`-${o.short}`] : [])]
// Summaries go into single-quoted words of three shells.
const quoted = (text: string) => `'${text.replaceAll("'", '’')}'`

function bash(nodes: readonly Node[]): string {
  const candidates = nodes.map((n) => {
    const words = [...n.words.map((w) => w.word), ...n.choices, ...n.options.flatMap(spellings)]
    return `    ${quoted(n.path)}) words=${quoted(words.join(' '))}; files=${n.files ? 1 : 0} ;;\n`
  })
  const values = nodes.flatMap((n) =>
    n.options
      .filter((o) => o.value !== undefined)
      .map(
        (o) =>
          `    ${spellings(o)
            .map((s) => quoted(`${n.path} ${s}`))
            .join('|')}) ${bashValue(o)} ;;\n`,
      ),
  )
  const known = nodes.filter((n) => n.path !== '').map((n) => quoted(n.path))
  return `# bash completion of pullbox; made by: pullbox completion bash
_pullbox() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' files=0 i try
  for ((i = 1; i < COMP_CWORD; i++)); do
    try="\${path:+$path }\${COMP_WORDS[i]}"
    case $try in
    ${known.join('|')}) path=$try ;;
    *) if [[ -z $path && \${COMP_WORDS[i]} != -* ]]; then return; fi ;;
    esac
  done
  case "$path $prev" in
${values.join('')}  esac
  case $path in
${candidates.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if ((files)); then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _pullbox pullbox
`
}

function bashValue(o: Option): string {
  if (o.choices) return `COMPREPLY=($(compgen -W ${quoted(o.choices.join(' '))} -- "$cur")); return`
  return o.completes ? `COMPREPLY=($(compgen ${o.completes === 'file' ? '-f' : '-d'} -- "$cur")); return` : 'return'
}

function zsh(nodes: readonly Node[]): string {
  const clean = (text: string) => text.replaceAll(/[[\]:\\]/g, ' ').replaceAll("'", '’')
  const value = (o: Option) => {
    if (o.value === undefined) return ''
    return o.choices ? `:${o.value}:(${o.choices.join(' ')})` : `:${o.value}:${o.completes ? '_files' : ' '}`
  }
  const cases = nodes.map((n) => {
    const options = n.options.flatMap((o) => spellings(o).map((s) => `'${s}[${clean(o.says)}]${value(o)}'`))
    const words =
      n.words.length > 0
        ? `'1:command:((${n.words.map((w) => `${w.word}\\:"${clean(w.says).replaceAll('"', '')}"`).join(' ')}))' '*::: :->rest'`
        : ''
    const rest = n.choices.length > 0 ? `'1:value:(${n.choices.join(' ')})'` : n.files ? "'*:file:_files'" : "'*: : '"
    return `    ${quoted(n.path)}) _arguments -S ${[...options, words || rest].join(' ')} && return 0 ;;\n`
  })
  const known = nodes.filter((n) => n.path !== '').map((n) => quoted(n.path))
  return `#compdef pullbox
# zsh completion of pullbox; made by: pullbox completion zsh
_pullbox() {
  local path='' try i shift=0 state
  for ((i = 2; i < CURRENT; i++)); do
    try="\${path:+$path }\${words[i]}"
    case $try in
    ${known.join('|')}) path=$try; shift=$((i - 1)) ;;
    esac
  done
  if ((shift)); then words=("\${(@)words[$((shift + 1)),-1]}"); ((CURRENT -= shift)); fi
  case $path in
${cases.join('')}  esac
}
compdef _pullbox pullbox
`
}

function fish(nodes: readonly Node[]): string {
  let out = '# fish completion of pullbox; made by: pullbox completion fish\ncomplete -c pullbox -f\n'
  for (const n of nodes) {
    const parts = n.path === '' ? [] : n.path.split(' ')
    const seen = parts.map((p) => `__fish_seen_subcommand_from ${p}`)
    const none = n.words.length > 0 ? [`not __fish_seen_subcommand_from ${n.words.map((w) => w.word).join(' ')}`] : []
    const when = (list: readonly string[]) => (list.length > 0 ? ` -n ${quoted(list.join('; and '))}` : '')
    for (const w of n.words) out += `complete -c pullbox${when([...seen, ...none])} -a ${w.word} -d ${quoted(w.says)}\n`
    for (const c of n.choices) out += `complete -c pullbox${when(seen)} -a ${c}\n`
    if (n.files) out += `complete -c pullbox${when(seen)} -F\n`
    for (const o of n.options) {
      const value = o.value === undefined ? '' : o.choices ? ` -x -a ${quoted(o.choices.join(' '))}` : o.completes ? ' -r -F' : ' -x'
      out += `complete -c pullbox${when(seen)}${o.short ? ` -s ${o.short}` : ''} -l ${o.name}${value} -d ${quoted(o.says)}\n`
    }
  }
  return out
}
