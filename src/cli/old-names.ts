/** Names that flags had in the last version still work, with a line that names the new one. */

interface NamedFlag {
  name?: string
  aliases?: readonly string[]
  charAliases?: readonly string[]
  /** A flag that is now a value of another: `--output-format md`. */
  deprecated?: true | { to?: string }
}

/** A line for each old name in what was typed. */
export function oldNames(argv: readonly string[], flags: Readonly<Record<string, NamedFlag>>): string[] {
  const end = argv.indexOf('--')
  const typed = end < 0 ? argv : argv.slice(0, end)
  return Object.entries(flags).flatMap(([name, { aliases = [], charAliases = [], deprecated }]) => {
    const isReplaced = typeof deprecated === 'object' && deprecated.to !== undefined
    const now = isReplaced ? deprecated.to : `--${name}`
    const old = [
      ...aliases.map((alias) => `--${alias}`),
      ...charAliases.map((letter) => `-${letter}`),
      ...(isReplaced ? [`--${name}`] : []),
    ]
    return old
      .filter((one) => typed.some((word) => isFlag(word, one)))
      .map((one) => `${one}: now ${now}; the old name will be removed in the next version`)
  })
}

/** `--format`, `--format=x`; `-f`, `-fx`. */
const isFlag = (word: string, flag: string): boolean =>
  word === flag || (flag.startsWith('--') ? word.startsWith(`${flag}=`) : word.startsWith(flag))
