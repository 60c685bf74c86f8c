/** What a person types, before oclif reads it: other spellings of the same, and the nearest name for a word that is none. Pure. */
import { Failure, nearestName } from '../errors.js'

/**
 * `help eval` -> `eval --help`, `version` -> `--version`, `--num_fewshot` -> `--num-fewshot` up to `--`.
 * @param argv without the name of the program
 */
export function asMeant(argv: readonly string[]): string[] {
  const [first, ...rest] = argv
  if (first === 'version' && rest.length === 0) return ['--version']
  if (first === 'help') return rest.length === 0 ? ['--help'] : [...rest.filter(isWord), '--help']
  const end = argv.indexOf('--')
  return argv.map((word, i) => (end >= 0 && i > end ? word : withHyphens(word)))
}

/** Whether `--output-format json` or an old name of it is among what was typed. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const typed = end < 0 ? argv : argv.slice(0, end)
  return typed.some(
    (word, i) =>
      /^--(output-)?format=json$/.test(word) ||
      (/^--(output-)?format$/.test(word) && typed[i + 1] === 'json'),
  )
}

/** What is left of the words without `--no-color`, and whether it was there. */
export function withoutNoColor(argv: readonly string[]): { argv: string[]; noColor: boolean } {
  const end = argv.indexOf('--')
  const left = argv.filter((word, i) => word !== '--no-color' || (end >= 0 && i > end))
  return { argv: left, noColor: left.length < argv.length }
}

const isWord = (word: string): boolean => !word.startsWith('-')

/** Names of flags have hyphens; values keep what they have. */
function withHyphens(word: string): string {
  const [name] = /^--[a-z0-9]+(?:_[a-z0-9]+)+(?==|$)/i.exec(word) ?? []
  return name === undefined ? word : name.replaceAll('_', '-') + word.slice(name.length)
}

/** `did you mean --limit? ` with a space after it, or nothing. */
const meant = (near: string | undefined): string => (near === undefined ? '' : `did you mean ${near}? `)

/** @param commands ids of all commands, such as `tasks check` */
export function unknownCommand(typed: readonly string[], commands: readonly string[]): Failure {
  const words = typed.filter(isWord)
  const firsts = [...new Set(commands.map((id) => id.split(' ')[0]))]
  // Of `tasks chek` the second word is the wrong one.
  const [first, second] = words
  const seconds = commands.filter((id) => id.startsWith(`${first} `)).map((id) => id.slice(first.length + 1))
  const isTopic = seconds.length > 0 && second !== undefined
  const name = isTopic ? `${first} ${second}` : first
  const near = isTopic ? nearestName(second, seconds) : nearestName(first, firsts)
  const full = near && (isTopic ? `asp ${first} ${near}` : `asp ${near}`)
  return new Failure(`command ${name} not found`, {
    hint: `${meant(full)}asp --help lists the commands`,
  })
}

/** @param flags names of the command's flags, old ones too, without hyphens before them */
export function unknownFlag(typed: string, command: string, flags: readonly string[]): Failure {
  const near = typed.startsWith('--') ? nearestName(typed.slice(2), flags) : undefined
  return new Failure(`Nonexistent flag: ${typed}`, {
    hint: `${meant(near && `--${near}`)}asp ${command} --help lists its flags`,
  })
}
