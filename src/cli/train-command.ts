/** What `asp finetune` and `asp train` share: progress, notes, Ctrl-C and the table at the end. */
import type { TrainEstimate } from '../record/train/estimate.js'
import type { EvalLine, TrainRecord } from '../record/train/schema.js'
import { formatBytes, formatCount, formatPurposes, formatRate } from '../report/format.js'
import type { SheetOptions } from '../report/sheet.js'
import { renderEstimate } from '../report/train-estimate.js'
import { renderTraining } from '../report/train-table.js'
import { estimateTraining } from '../train/estimate.js'
import type { TrainEvent } from '../train/hooks.js'
import type { TrainingOptions } from '../train/options.js'
import { type TrainHooks, trainAll } from '../train/train-all.js'
import { type Attended, attended, endInterrupted } from './attended.js'
import { commandLine } from './base-command.js'
import type { Progress } from './progress.js'

export interface TrainCommand {
  /** Called once errors are caught. */
  options: (note: (text: string) => void) => TrainingOptions | Promise<TrainingOptions>
  quiet: boolean
  /** Only says what it would take. */
  dryRun: boolean
  openDevice: TrainHooks['openDevice']
  /** How standard output takes the table. */
  sheet: SheetOptions
  /** To standard output. */
  print(text: string): void
}

export function runTrainCommand({
  options,
  quiet,
  dryRun,
  openDevice,
  sheet,
  print,
}: TrainCommand): Promise<TrainRecord[] | TrainEstimate> {
  const nothing = 'nothing was trained yet, no checkpoint is written'
  return attended({ quiet, nothing }, async (watch) => {
    const { progress } = watch
    progress.start('Reading checkpoint and text')
    if (dryRun) {
      const estimate = await estimateTraining(await options(watch.note), {
        ...trainHooks(watch, openDevice),
        onTiming: (run) => progress.start(`Timing micro-batches, ${run}`),
      })
      progress.stop()
      print(renderEstimate(estimate, sheet))
      return estimate
    }
    const { records, folders } = await trainAll(
      await options(watch.note),
      commandLine(),
      trainHooks(watch, openDevice),
    )
    progress.stop()
    print(renderTraining(records, sheet))
    const finished = records.filter(({ status }) => status === 'complete')
    const places = finished.map(({ checkpoint }) => `Checkpoint: ${checkpoint?.folder}`)
    if (places.length > 0) {
      if (sheet.form === 'table') print(`\n${places.join('\n')}`)
      else watch.note(places.join('\n'))
    }
    if (finished.length < folders.length) {
      const { steps } = records.find(({ status }) => status === 'incomplete') ?? { steps: null }
      const at = steps === null ? '' : `, after step ${steps.taken} of ${steps.planned}`
      endInterrupted(`${at}; hint: the same command with --resume continues`)
    }
    return records
  })
}

function trainHooks(watch: Attended, openDevice: TrainHooks['openDevice']): TrainHooks {
  const { progress, signal, orStop, note, warn, onFetch, onWait } = watch
  let stage = 'read'
  /** Starts the task of a stage when it is not the one under way. */
  const during = (name: string, label: string, total: number, unit: string, from = 0): void => {
    if (stage === name) return
    stage = name
    progress.start(label, total, unit, from)
  }
  let isWarned = false
  return {
    signal,
    orStop,
    openDevice,
    onFetch,
    onTokens: (done, total) => {
      during('tokens', 'Tokenizing', total, 'characters')
      progress.update(done)
    },
    onNote: warn,
    onWait,
    onPrepared: ({ runs, corpus }) => {
      progress.stop()
      for (const { plan, state, finished } of runs) {
        if (finished !== null) note(`${plan.name}: all ${plan.steps} steps are done already`)
        else if (state !== null)
          note(`${plan.name}: resuming after step ${state.facts.step} of ${plan.steps}`)
      }
      note(`${formatCount(corpus.windows.length)} windows of ${corpus.ctx} tokens to train on`)
    },
    onRunning: () => {
      if (isWarned) return
      isWarned = true
      watch.onRunning('the step under way and saving')
    },
    onEvent: (event) => showEvent(event, { progress, note, during }),
    onPushed: (repo, url) => note(`uploaded to ${repo}: ${url}`),
  }
}

interface Screen {
  progress: Progress
  note(text: string): void
  during(name: string, label: string, total: number, unit: string, from?: number): void
}

function showEvent(event: TrainEvent, { progress, note, during }: Screen): void {
  switch (event.stage) {
    case 'memory': {
      progress.stop()
      note(describeMemory(event))
      return
    }
    case 'train': {
      during(`train ${event.run}`, `Training, ${event.run}`, event.steps, 'steps', event.step)
      progress.update(event.step, describeStep(event))
      return
    }
    case 'evaluate': {
      during(`evaluate ${event.run}`, `Evaluating, ${event.run}`, event.total, 'tokens')
      progress.update(event.done)
      return
    }
    case 'evaluated': {
      progress.stop()
      note(`step ${event.line.step}: ${describeEvaluation(event.line)}`)
      return
    }
    case 'saved':
      return
  }
}

/** `memory planned: 1.21 GiB (weights 475 MiB, ...), 2 sequences at a time`. */
function describeMemory({
  run,
  bytes,
  byPurpose,
  sequences,
  recompute,
}: TrainEvent & { stage: 'memory' }): string {
  const again = recompute ? ', activations recomputed in the backward pass' : ''
  const at = sequences === 1 ? '1 sequence' : `${sequences} sequences`
  return `memory planned for ${run}: ${formatBytes(bytes)} (${formatPurposes(byPurpose)}), ${at} at a time${again}`
}

function describeStep({ line, smooth, evaluation }: TrainEvent & { stage: 'train' }): string {
  if (line === null) return ''
  const parts = [`loss ${(smooth ?? line.cross_entropy).toFixed(3)}`]
  if (line.pair_mean !== null) parts.push(`pair mean ${line.pair_mean.toFixed(3)}`)
  const sparsity = evaluation?.rules.find(({ rule }) => rule === 'step')?.sparsity
  if (sparsity != null) parts.push(`S ${sparsity.achieved.toFixed(3)}`)
  if (line.alpha !== null) parts.push(`alpha ${line.alpha.toFixed(2)}`)
  parts.push(`${formatRate(line.tokens_per_second)} tokens/s`)
  return parts.join(', ')
}

function describeEvaluation({ rules }: EvalLine): string {
  return rules
    .map(({ rule, nll, sparsity }) => {
      const share = sparsity === null ? '' : ` (S ${sparsity.achieved.toFixed(3)})`
      return `${rule} ${nll.toFixed(4)}${share}`
    })
    .join(', ')
}
