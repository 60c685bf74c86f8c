/** The end of a run: the checkpoint is written, read back, measured at several context lengths, described and uploaded. */
import { readdir } from 'node:fs/promises'
import { openCheckpoint } from '../data/checkpoint.js'
import { replaceFile, writeFailure, writeText } from '../data/durable-files.js'
import { type Upload, uploadModel } from '../data/hub/upload.js'
import type { HostTensor } from '../engine/train/types.js'
import type { EvalFigures, TrainRecord } from '../record/train/schema.js'
import type { RunDevice } from '../run/open-model.js'
import { writeModelFiles } from './export.js'
import type { Evaluate } from './held-out.js'
import type { RunHooks } from './hooks.js'
import { describeTraining, modelCard } from './model-card.js'
import type { RunPlan } from './plan.js'
import type { PreparedTraining } from './prepare.js'
import { cardPath, recordPath } from './run-folder.js'
import { alphaAt } from './schedule.js'

export interface Finished {
  /** Empty when the signal stopped the measuring. */
  figures: EvalFigures[]
  checkpoint: TrainRecord['checkpoint']
  /** Writes the model card and the record beside the checkpoint. */
  write(record: TrainRecord): Promise<void>
}

export interface FinishOptions {
  prepared: PreparedTraining
  plan: RunPlan
  device: RunDevice
  weights: ReadonlyMap<string, HostTensor>
  seconds: Record<'evaluate' | 'save', number>
  evaluate: Evaluate
  hooks: RunHooks
}

/** Context lengths that a model card has, as far as the model and the held-out text go. */
export const MODEL_CARD_CTX: readonly number[] = [128, 256, 512, 1024]

export async function finishRun(options: FinishOptions): Promise<Finished> {
  const { prepared, plan, device, weights, seconds, evaluate, hooks } = options
  const { start, corpus } = prepared
  const dtype = prepared.options.saveDtype === 'auto' ? start.dtype : prepared.options.saveDtype
  const saving = performance.now()
  const { bytes, sha256 } = await writing(plan.folder, () =>
    writeModelFiles(plan.folder, weights, start, dtype),
  )
  seconds.save += (performance.now() - saving) / 1000
  const measuring = performance.now()
  // What was written, not what was trained: the figures are those that anybody gets who loads it.
  const checkpoint = await openCheckpoint(plan.folder)
  const figures = await evaluate(
    {
      config: checkpoint.config,
      tensors: checkpoint.tensors,
      dtype,
      rule: plan.rule,
      alpha: plan.options.alpha === null ? null : alphaAt(plan.options.alpha, plan.steps),
      ctxs: contextLengths(plan.options.ctx, checkpoint.config.nPositions),
      stretches: corpus.heldOut,
    },
    device,
    {
      signal: hooks.signal,
      onProgress: (done, total) => hooks.onEvent?.({ stage: 'evaluate', run: plan.name, done, total }),
    },
  )
  seconds.evaluate += (performance.now() - measuring) / 1000
  if (figures === null) return { figures: [], checkpoint: null, write: async () => undefined }
  return {
    figures,
    checkpoint: { folder: plan.folder, dtype, parameters: checkpoint.parameters, bytes, sha256 },
    write: (record) =>
      writing(plan.folder, async () => {
        await replaceFile(cardPath(plan.folder), (path) => writeText(path, modelCard(record)))
        await replaceFile(recordPath(plan.folder), (path) =>
          writeText(path, `${JSON.stringify(record, null, 2)}\n`),
        )
      }),
  }
}

/** Those of a model card and the one that was trained at. */
function contextLengths(ctx: number, longest: number): number[] {
  return [...new Set([...MODEL_CARD_CTX.filter((one) => one <= longest), ctx])].sort((a, b) => a - b)
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw writeFailure(folder, cause, 'the last training state is kept, --resume writes the checkpoint again')
  }
}

/**
 * Uploads a finished checkpoint to the Hub: everything that lies directly in the folder of a run, which is weights, tokenizer,
 * model card, log and record; the training states stay at home.
 */
export async function pushRun(
  folder: string,
  repo: string,
  record: TrainRecord,
  upload: (upload: Upload) => Promise<{ commit: string; url: string }> = uploadModel,
): Promise<{ commit: string; url: string }> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
  return upload({
    repo,
    folder,
    files: files.sort(),
    title: `${record.source.id}, ${describeTraining(record)}`,
  })
}
