/** `asp completion`: a script by which a shell completes `asp`. */
import { Args } from '@oclif/core'
import { AspCommand, together } from '../cli/base-command.js'
import { type CompletedCommand, completionScript, SHELLS, type Shell } from '../cli/completion.js'
import { parseWord } from '../cli/values.js'
import { listGroups } from '../suites/groups.js'
import { RECALL_TASK_NAMES } from '../suites/recall/tasks.js'
import { namedSuites } from '../suites/suite.js'

/** Commands that take names of suites. */
const TAKES_SUITES = ['eval', 'sweep', 'tasks check', 'fetch']

export default class Completion extends AspCommand {
  static override summary = 'Print a script that completes commands, flags and suites in bash, zsh or fish'
  static override examples = together([
    'source <(<%= config.bin %> completion bash)',
    'source <(<%= config.bin %> completion zsh)',
    '<%= config.bin %> completion fish > ~/.config/fish/completions/asp.fish',
  ])
  static override args = {
    shell: Args.custom<Shell>({ parse: async (text) => parseWord('shell', text, SHELLS) })({
      description: SHELLS.join(', '),
      required: true,
    }),
  }

  async run(): Promise<{ script: string }> {
    const { args } = await this.parse(Completion)
    const script = completionScript(args.shell, this.#commands())
    this.log(script.trimEnd())
    return { script }
  }

  #commands(): CompletedCommand[] {
    const suites = [...listGroups().map(({ name }) => name), ...namedSuites()]
    return this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id, summary = '', flags }) => {
        const name = id.replaceAll(':', ' ')
        return {
          id: name,
          summary,
          words: wordsAfter(name, suites),
          flags: Object.values(flags)
            .filter((flag) => !flag.hidden)
            .map((flag) => ({
              name: flag.name,
              char: flag.char,
              summary: flag.summary ?? '',
              hasValue: flag.type === 'option',
              words: flag.type === 'option' ? wordsOf(flag.helpValue) : [],
            })),
        }
      })
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }
}

function wordsAfter(command: string, suites: readonly string[]): readonly string[] {
  if (command === 'completion') return SHELLS
  if (command === 'recall') return [...RECALL_TASK_NAMES, 'all']
  return TAKES_SUITES.includes(command) ? suites : []
}

/** `f32|f16`: words, and no placeholder, that help shows for a value. */
function wordsOf(helpValue: string | string[] | undefined): string[] {
  const words = typeof helpValue === 'string' ? helpValue.split('|') : []
  return words.length > 1 && words.every((word) => /^[a-z][a-z0-9-]*$/.test(word)) ? words : []
}
