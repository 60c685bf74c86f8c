/** The program: what was typed -> a command that has run, or one line on standard error and an exit code. */
import { type Config, run } from '@oclif/core'
import { failWith, finish, watchStreams } from './report-error.js'
import { asMeant, unknownCommand, withoutNoColor } from './typed.js'

/** @param config with all commands */
export async function main(argv: readonly string[], config: Config): Promise<void> {
  watchStreams()
  const { argv: given, noColor } = withoutNoColor(argv)
  if (noColor) {
    process.env.NO_COLOR = '1'
    delete process.env.FORCE_COLOR
  }
  const meant = asMeant(given)
  // Records and hints repeat the command as it was meant.
  process.argv.splice(2, process.argv.length, ...meant)
  try {
    const isHelp = meant.at(-1) === '--help' && given[0] === 'help'
    if (isHelp) checkKnown(meant.slice(0, -1), config)
    await run(meant, config)
    await finish()
  } catch (error) {
    await failWith(isNoCommand(error) ? unknownCommand(meant, namesOf(config)) : error)
  }
}

const namesOf = ({ commandIDs }: Config): string[] => commandIDs.map((id) => id.replaceAll(':', ' '))

/** oclif would show the help of all commands for one that there is not. */
function checkKnown(words: readonly string[], config: Config): void {
  if (words.length > 0 && !namesOf(config).includes(words.join(' ')))
    throw unknownCommand(words, namesOf(config))
}

const isNoCommand = (error: unknown): boolean =>
  error instanceof Error && /^command \S+ not found$/.test(error.message)
