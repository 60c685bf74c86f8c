/** What a person reads when a training stops before its end, and how to resume. Pure but for the waiting. */
import { basename } from 'node:path'
import { EXIT, Failure } from '../errors.js'
import { stateFolder, statesFolder } from './checkpoints.js'
import type { RunPlan } from './plan.js'
import type { SpikeState } from './spikes.js'

/** What `work` gives; its Failure says besides at which step it came, and how to resume. */
export async function sayingHowToResume<T>(
  { folder }: RunPlan,
  saved: number | null,
  step: number,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { message, hint, exit, code } = error
    throw new Failure(`${message}, after step ${step}`, {
      hint: [hint, howToResume(folder, saved)].filter(Boolean).join('; '),
      exit,
      code,
      cause: error,
    })
  }
}

/** A step with something in it that is no number; `step` counts it. */
export function notFinite(plan: RunPlan, saved: number | null, step: number): Failure {
  return new Failure(`training: step ${step} of ${plan.name} is not finite, its weights were not taken`, {
    hint: whatToTry(plan, saved),
    exit: EXIT.failed,
  })
}

export function spiked(
  plan: RunPlan,
  saved: number | null,
  step: number,
  { smooth, best }: SpikeState,
): Failure {
  const got = `${smooth?.toFixed(2)} nats after a best of ${best.toFixed(2)}`
  return new Failure(`training: the loss of ${plan.name} diverged at step ${step}, got ${got}`, {
    hint: `${whatToTry(plan, saved)}; --spike 0 never stops`,
    exit: EXIT.failed,
  })
}

function whatToTry({ folder, options }: RunPlan, saved: number | null): string {
  const lower = Number((options.rate.rate / 3).toPrecision(1))
  const clip = options.optimiser.clip === null ? ' --clip 1' : ''
  const from =
    saved === null
      ? 'from the start'
      : `from --model ${stateFolder(folder, saved)}, the checkpoint of step ${saved}`
  return `try --rate ${lower}${clip} or a longer --warmup in another --output, ${from}`
}

function howToResume(folder: string, saved: number | null): string {
  return saved === null
    ? 'no checkpoint was written yet'
    : `--resume continues from step ${saved} (${basename(statesFolder(folder))} in ${folder})`
}
