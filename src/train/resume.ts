/** Whether a run may resume from a state: everything that decides the weights must be what it was. Pure. */
import { Failure } from '../errors.js'
import { type Field, firstDifference, withDefaults } from '../record/same-run.js'
import type { TrainRunOptions } from '../record/train/schema.js'
import type { StateFacts } from './checkpoints.js'
import { type OptionRow, subjectOf } from './option-rows.js'
import { OPTION_ROWS } from './options.js'

export type ResumeFacts = Pick<StateFacts, 'options' | 'source' | 'config' | 'data'>

/**
 * @param now of the command under way
 * @throws Failure naming the first thing that differs; also where the steps are more and a schedule is stretched to them
 */
export function checkResume(
  folder: string,
  state: ResumeFacts & { step: number },
  now: ResumeFacts,
  steps: number,
): void {
  const fields: Field<ResumeFacts>[] = [
    { name: '--model', of: ({ source }) => source },
    { name: decidedBy('data'), of: ({ data }) => data },
    ...(Object.keys(now.options) as (keyof TrainRunOptions)[]).map((key) => ({
      name: decidedBy(key),
      // Null in a state from before an option was there.
      of: ({ options }: ResumeFacts) => options[key] ?? null,
    })),
    // After the options, some of which it has too. Undefined, which matches anything, in a state from before it was kept.
    { name: '--model, its config.json', of: ({ config }) => config && withDefaults(config) },
  ]
  const field = firstDifference(fields, state, now)
  if (field !== null) {
    const [was, is] = [field.of(state), field.of(now)]
    throw new Failure(
      `--resume: ${folder} was made with another ${field.name}, ${shown(was)}, got ${shown(is)}`,
      {
        hint: hintFor(field.name, was, is),
      },
    )
  }
  if (state.step > steps) {
    throw new Failure(`--steps: ${folder} has taken ${state.step} steps, got ${steps}`, {
      hint: 'give as many steps or more, or another --output',
    })
  }
}

/** The options that decide a part of a run, for messages. */
function decidedBy(part: NonNullable<OptionRow['decides']>): string {
  const rows = OPTION_ROWS.filter(([, { decides }]) => decides === part)
  return rows.length === 0 ? part : rows.map(([name, row]) => subjectOf(name, row)).join(', ')
}

/** A schedule that ends with the run is another one when the run is longer. */
function hintFor(flags: string, was: unknown, is: unknown): string {
  const [ended, ends] = [was, is].map((value) => (value as { over?: number } | null)?.over)
  const isStretched = ended !== undefined && ends !== undefined && ended !== ends
  if (isStretched && flags.startsWith('--alpha'))
    return `add --alpha-steps ${ended}, and --warmup as it was, to resume with more steps; or use another --output`
  if (isStretched)
    return `the rate fell until step ${ended}: begin another training, with --model and another --output`
  if (flags === '--grace' && was === null) return 'add --grace 0 to resume it, or use another --output'
  if (flags.startsWith('--rate'))
    return 'give --rate, --warmup and --rate-schedule as they were, or use another --output'
  return 'use the same options, or another --output'
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 90 ? `${text.slice(0, 87)}...` : text
}
