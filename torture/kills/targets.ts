/** The commands that are hurt: each small enough for a second or two, in a folder of its own beside `inputs`. */

export interface Target {
  name: string
  argv: readonly string[]
  /** What is added when the command is given again, so that it goes on with or replaces what is there. */
  again: readonly string[]
  /** Whether it answers signals itself once it has begun: exit code 130, and a line that says what is kept. */
  answers: boolean
  /** Places that may differ from those of a run left alone, beyond times and speed. */
  mayDiffer: RegExp
  /** Requests, steps or parts that the folder's files say are done. */
  saved?: (folder: string) => number
  /** How many of them the run after it says that it goes on from. */
  resumed?: (stderr: string) => number
}

const DEVICE = ['--device', 'cpu', '--threads', '2']
/** The command as it was typed has --resume or --overwrite in it; a run that finds all done measures no time. */
const COMMAND = /#\/(command|timing)\//

const words = (line: string): string[] => line.split(' ')

export const TARGETS: readonly Target[] = [
  {
    name: 'eval',
    argv: [
      ...words(
        'eval winogrande --data sample --limit 40 --shift -0.5 --batch-tokens 64 --resume -o run.json',
      ),
      ...DEVICE,
    ],
    again: [],
    answers: true,
    mayDiffer: COMMAND,
  },
]
