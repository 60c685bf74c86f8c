/** Scripts by which shells complete `asp`: commands, flags, words that flags take, names of suites. Pure. */

export interface CompletedFlag {
  name: string
  char?: string
  summary: string
  /** Takes a value. */
  hasValue: boolean
  /** Words that it takes, where those are all. */
  words: readonly string[]
}

export interface CompletedCommand {
  /** `tasks check`. */
  id: string
  summary: string
  flags: readonly CompletedFlag[]
  /** What may stand beside flags; files are always offered. */
  words: readonly string[]
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string =>
  ({ bash, zsh, fish })[shell](commands)

const firstWords = (commands: readonly CompletedCommand[]): string[] => [
  ...new Set(commands.map(({ id }) => id.split(' ')[0])),
]
const secondWords = (commands: readonly CompletedCommand[], first: string): string[] =>
  commands.flatMap(({ id }) => (id.startsWith(`${first} `) ? [id.slice(first.length + 1)] : []))

const optionWords = ({ flags }: CompletedCommand): string[] =>
  flags.flatMap(({ name, char }) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])])

function bash(commands: readonly CompletedCommand[]): string {
  const firsts = firstWords(commands)
  const topics = firsts.filter((first) => secondWords(commands, first).length > 0)
  const values = commands.flatMap((command) =>
    command.flags
      .filter(({ words }) => words.length > 0)
      .map(({ name, char, words }) => {
        const names = [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]
        const patterns = names.map((one) => `"${command.id} ${one}"`).join(' | ')
        return `    ${patterns}) words="${words.join(' ')}" ;;`
      }),
  )
  return `# bash completion of asp: source it, or put it where bash-completion looks
_asp() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...firsts, 'help', 'version'].join(' ')}" -- "$cur"))
    return
  fi
  case "$command \${COMP_WORDS[2]}" in
${commands
  .filter(({ id }) => id.includes(' '))
  .map(({ id }) => `    "${id}") command="${id}" ;;`)
  .join('\n')}
  esac
  case "$command $prev" in
${values.join('\n')}
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$command" in
    help) words="${firsts.join(' ')}" ;;
${commands
  .map((command) => {
    const more = topics.includes(command.id) ? secondWords(commands, command.id) : []
    return `    "${command.id}")
      case "$cur" in
        -*) words="${optionWords(command).join(' ')}" ;;
        *) words="${[...command.words, ...more].join(' ')}" ;;
      esac ;;`
  })
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  case "$cur" in -*) ;; *) COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
}
complete -o filenames -F _asp asp
`
}

/** zsh runs completions of bash. */
const zsh = (commands: readonly CompletedCommand[]): string =>
  `# zsh completion of asp: source it after compinit
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`

const quoted = (text: string): string => `'${text.replaceAll("'", '’')}'`

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const [first, second] = command.id.split(' ')
    const inside =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`
    const begins = second === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${first}`
    return [
      `complete -c asp -n '${begins}' -a ${second ?? first} -d ${quoted(command.summary)}`,
      ...(command.words.length === 0
        ? []
        : [`complete -c asp -n '${inside}' -a '${command.words.join(' ')}'`]),
      ...command.flags.map(({ name, char, summary, hasValue, words }) => {
        const letter = char === undefined ? '' : ` -s ${char}`
        const value = words.length > 0 ? ` -x -a '${words.join(' ')}'` : hasValue ? ' -r' : ''
        return `complete -c asp -n '${inside}' -l ${name}${letter}${value} -d ${quoted(summary)}`
      }),
    ]
  })
  return `# fish completion of asp: source it, or put it into ~/.config/fish/completions/asp.fish\n${lines.join('\n')}\n`
}
