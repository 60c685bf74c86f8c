/**
 * docs/finetuning.md from results/finetuning/: one dense checkpoint fine-tuned for as many steps by adaptive pruning and by each
 * control, and the perplexity of held-out text against the sparsity that was reached.
 *   node --import tsx scripts/finetuning.ts > docs/finetuning.md
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { givenLevel } from '../src/record/ppl/levels.js'
import type { PplRecord, RuleRecord } from '../src/record/ppl/schema.js'
import type { TrainRecord } from '../src/record/train/schema.js'
import { describeTraining } from '../src/train/model-card.js'
import { markdownTable, showGain, textGain } from './gains.js'

const root = fileURLToPath(new URL('../results/finetuning/', import.meta.url))

/** The one with random shifts comes with asp, its record beside its weights. */
const BUNDLED = new URL('../models/asp-tiny-any/', import.meta.url)

interface Run {
  name: string
  /** Null for the checkpoint that all began from. */
  train: TrainRecord | null
  ppl: PplRecord
}

function readRun(name: string): Run {
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
  const record = `${name === 'shift' ? fileURLToPath(BUNDLED) : `${root}${name}/`}train.json`
  return {
    name,
    train: existsSync(record) ? (read(record) as TrainRecord) : null,
    ppl: read(`${root}${name}/ppl.json`) as PplRecord,
  }
}

const runs = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => readRun(name))

function runOf(name: string): Run & { train: TrainRecord } {
  const run = runs.find((one) => one.name === name)
  if (run?.train == null) throw new Error(`results/finetuning/${name}: no training record`)
  return { ...run, train: run.train }
}

const contextOf = ({ ppl }: Run) => ppl.contexts[0]
const control = runOf('dense')
const dense = contextOf(control).rules[0]
const { tokens, first } = contextOf(control).samples

interface Point {
  run: Run
  rule: RuleRecord
  reached: number
}

/** What each checkpoint is judged by: the control with nothing dropped, the others where they drop. */
const points: Point[] = runs
  .flatMap((run) => {
    if (contextOf(run).samples.first.join() !== first.join()) throw new Error(`${run.name}: other windows`)
    return contextOf(run)
      .rules.filter(({ rule }) => run === control || run.train === null || rule !== 'dense')
      .map((rule) => ({ run, rule, reached: rule.sparsity?.achieved ?? 0 }))
  })
  .sort((a, b) => a.reached - b.reached || a.rule.nll - b.rule.nll)

const perplexity = ({ nll }: RuleRecord): string => Math.exp(nll).toFixed(2)
const kindOf = ({ train }: Run): string => train?.options.rule.kind ?? 'untouched'

function training({ train }: Run): string {
  if (train === null) return 'none'
  const { shift_range: range } = train.options
  return `${describeTraining(train)}${range === null ? '' : `, shifts in ${range.join('..')}`}`
}

function asked(one: RuleRecord): string {
  const { rule, requested, shift, sized } = one
  if (rule === 'dense') return 'nothing dropped'
  if (requested !== null) return `${requested.toFixed(1)}${sized === null ? '' : ` (${givenLevel(one)})`}`
  return shift === 0 ? 'own threshold' : givenLevel(one)
}

const quality = points.map(({ run, rule, reached }) => [
  run.name,
  training(run),
  asked(rule),
  rule.sparsity === null ? '' : reached.toFixed(3),
  rule.sparsity?.at_ctx == null ? '' : rule.sparsity.at_ctx.toFixed(3),
  rule.nll.toFixed(4),
  perplexity(rule),
  rule === dense ? '' : showGain(textGain(rule, dense, tokens), 4),
  rule === dense ? '' : `${(100 * (Math.exp(rule.nll - dense.nll) - 1)).toFixed(1)} %`,
])

/** Each point of adaptive pruning beside the control's point that is nearest in what was reached. */
const rivals = points
  .filter(({ run }) => kindOf(run) === 'adaptive')
  .flatMap((own) =>
    ['local', 'strided'].map((kind) => {
      const theirs = points
        .filter(({ run }) => kindOf(run) === kind)
        .sort((a, b) => Math.abs(a.reached - own.reached) - Math.abs(b.reached - own.reached))[0]
      return [
        own.run.name,
        asked(own.rule),
        own.reached.toFixed(3),
        kind,
        theirs.reached.toFixed(3),
        perplexity(own.rule),
        perplexity(theirs.rule),
        showGain(textGain(theirs.rule, own.rule, tokens), 4),
      ]
    }),
  )

/** Held-out losses on the way, under the rule that each is trained for. */
const trained = runs.flatMap(({ name, train }) => (train === null ? [] : [{ name, train }]))
const steps = control.train.evaluations.map(({ step }) => step)
const trend = trained.map(({ name, train }) => [
  name,
  ...train.evaluations.map(({ rules }) => {
    const own = rules.find(({ rule }) => rule !== 'dense' && rule !== 'soft') ?? rules[0]
    const share = own.sparsity === null ? '' : ` (S ${own.sparsity.achieved.toFixed(2)})`
    return `${own.nll.toFixed(4)}${share}`
  }),
])

const { options, data, tokens: trainedOn, environment } = control.train
const evaluated = control.train.evaluations[0]
const rate = options.rate
const interaction = runOf('gamma-0.1').train.options.rate_interaction
const context = contextOf(control)

process.stdout.write(`# Learned pruning against controls trained for the same number of steps

Made by \`node --import tsx scripts/finetuning.ts\` from results/finetuning/, which has the record, log and model card of every training, and for
every checkpoint its record of \`asp ppl\`. [finetuning.html](finetuning.html) is \`asp report\` of the same files, with the plots.

All started from asp-tiny-dense and took ${control.train.steps.taken} steps of ${options.batch_tokens} tokens (${trainedOn.toLocaleString('en-US')} in all) in sequences of ${options.ctx}, the same
windows of ${data.sources.map(({ source }) => basename(source)).join(', ')} in the same order, at a rate of ${rate.rate} (${rate.kind})${interaction === null ? '' : `, the interaction weights at ${interaction}`}, on
${environment.adapter.name}. They are evaluated on ${context.windows} windows of ${context.ctx} tokens, ${context.tokens.toLocaleString('en-US')} predictions, of
${control.ppl.text.sources.map(({ source }) => basename(source)).join(', ')}: books that are in no training text. S_pair is the share of causal pairs that is gone, as achieved, not as requested. Differences are
paired by window, with 95 % intervals (bootstrap over windows), and bold if these exclude 0.

![Perplexity and change of loss by sparsity](finetuning.png)

- A checkpoint of one gamma is good at its own threshold. The loss of the smallest gamma is below the dense control and below every point of
  local and strided attention; the middle one is level with local attention that dropped a little more, and the largest is above it.
- Strided attention is far worse than all others at the same share.
- Local attention is a strong rival for this model, which saw 256 tokens at a time for most of its own training. It has its mask from the
  first step on, while adaptive pruning first has to learn what it may drop; the losses of both are still falling (*During training*).
- Away from its own threshold a checkpoint of one gamma breaks down, in both directions. The one with random shifts (*shift*, bundled as
  asp-tiny-any) works from 0.5 to 0.7, within its range; the shifts that 0.8 and 0.9 need lie outside, and there it breaks down too.
- This is only a taste of training: the bundled asp-tiny was trained on twenty times as many tokens, but has no controls.

## Perplexity by sparsity

Local attention was trained with a window of ${runOf('local').train.options.rule.tokens} tokens and strided attention with blocks of ${runOf('strided').train.options.rule.tokens}, both a sparsity of 0.8; at other sparsities the
same checkpoints are used with other sizes. *Against the control*: nats per token above (+) or below (-) the dense control, and the change of perplexity.

${markdownTable(['checkpoint', 'training', 'requested', 'S_pair', 'S@ctx', 'nats', 'perplexity', 'against the control', ''], quality)}

## Beside local and strided attention

Each row compares a point of adaptive pruning with the point of a control whose S_pair is nearest, in nats per token by which adaptive
pruning is better (+) or worse (-).

${markdownTable(['checkpoint', 'requested', 'S_pair', 'control', 'its S_pair', 'perplexity', "control's", 'difference'], rivals)}

## During training

Nats per token on ${evaluated.windows} held-out windows after the given number of steps, under the rule each was trained for (adaptive: the step function).

${markdownTable(['checkpoint', ...steps.map(String)], trend)}
`)
