/** Whether a run may go on from a state: everything that decides the weights must be what it was. Pure. */
import { Failure } from '../errors.js'
import type { TrainRunOptions } from '../record/train/schema.js'
import type { StateFacts } from './checkpoints.js'

/** What is typed for each option, for messages. */
const FLAGS: Readonly<Record<keyof TrainRunOptions, string>> = {
  rule: '--control',
  gamma: '--gamma',
  gamma_convention: '--gamma-convention',
  gamma_weight: '--gamma',
  alpha: '--alpha, --alpha-from, --alpha-to, --alpha-steps',
  rate: '--rate, --warmup, --rate-schedule, --rate-final',
  rate_interaction: '--rate-interaction',
  ctx: '--ctx',
  batch_tokens: '--batch-tokens',
  int_dim: '--int-dim',
  beta: '--beta',
  propagate_in_depth: '--propagate-in-depth',
  trainable: '--freeze',
  distill: '--distill',
  shift_range: '--shift-range',
  optimiser: '--weight-decay, --clip',
  seed: '--seed',
}

export type ResumeFacts = Pick<StateFacts, 'options' | 'source' | 'data'>

/**
 * @param now what is asked for
 * @throws Failure naming the first thing that differs; also where the steps are more and a schedule is stretched to them
 */
export function checkResume(
  folder: string,
  state: ResumeFacts & { step: number },
  now: ResumeFacts,
  steps: number,
): void {
  const differences: [string, unknown, unknown][] = [
    ['--model', state.source, now.source],
    ['--data, --eval-data, --held-out', state.data, now.data],
    ...(Object.keys(FLAGS) as (keyof TrainRunOptions)[]).map((key): [string, unknown, unknown] => [
      FLAGS[key],
      // A state from before an option was there.
      state.options[key] ?? null,
      now.options[key],
    ]),
  ]
  const found = differences.find(([, was, is]) => !isEqual(was, is))
  if (found !== undefined) {
    const [flag, was, is] = found
    throw new Failure(`--resume: ${folder} was made with another ${flag}, ${told(was)}, got ${told(is)}`, {
      hint: hintFor(flag, was, is),
    })
  }
  if (state.step > steps) {
    throw new Failure(`--steps: ${folder} has ${state.step} steps behind it, got ${steps}`, {
      hint: 'give as many steps or more, or another --out',
    })
  }
}

/** A schedule that ends with the run is another one when the run is longer. */
function hintFor(flag: string, was: unknown, is: unknown): string {
  const over = [was, is].map((value) => (value as { over?: number } | null)?.over)
  if (flag.startsWith('--alpha') && over[0] !== undefined && over[0] !== over[1]) {
    return `add --alpha-steps ${over[0]}, and --warmup as it was, to go on with more steps; or use another --out`
  }
  if (flag.startsWith('--rate'))
    return 'give --rate, --warmup and --rate-schedule as they were, or use another --out'
  return 'use the same options, or another --out'
}

const isEqual = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function told(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 90 ? `${text.slice(0, 87)}...` : text
}
