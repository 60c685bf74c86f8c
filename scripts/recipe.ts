/**
 * docs/recipe.md from results/recipe/: short trainings that differ in one thing, and what they say about the defaults of `asp finetune`.
 *   node --import tsx scripts/recipe.ts > docs/recipe.md
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PplRecord } from '../src/record/ppl/schema.js'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import type { TrainRecord } from '../src/record/train/schema.js'
import { grouped } from '../src/report/figures/grouped.js'
import { mean } from '../src/stats/basics.js'
import { markdownTable, showLoss } from './gains.js'

const root = fileURLToPath(new URL('../results/recipe/', import.meta.url))
const LEVELS = [0.5, 0.8, 0.9]

const runs = readdirSync(root)
  .sort()
  .map((name) => {
    const read = (file: string) => JSON.parse(readFileSync(`${root}${name}/${file}.json`, 'utf8'))
    return {
      name,
      train: read('train') as TrainRecord,
      ppl: read('ppl') as PplRecord,
      recall: read('recall') as SweepRecord,
    }
  })
type Run = (typeof runs)[number]

/** Trainings from one start on one text, which can be compared: those from the start that `asp finetune` has today come first. */
const series = [...grouped(runs, ({ train }) => `${train.source.sha256} ${train.data.sha256}`)].sort(
  (a, b) => b.length - a.length,
)
const [today, before] = series
if (series.length !== 2) throw new Error(`starts and texts: there should be two, got ${series.length}`)

const settings = ({ options }: TrainRecord): string[] => [
  String(options.gamma ?? ''),
  options.gamma === null ? '' : String(options.grace ?? 0),
  String(options.distill),
  String(options.rate.rate),
  String(options.rate_interaction ?? ''),
  options.alpha === null || options.alpha.kind === 'constant'
    ? ''
    : `${options.alpha.from} to ${options.alpha.to} in ${options.alpha.over}`,
  options.shift_range === null ? '' : options.shift_range.join(' to '),
]

function nats({ contexts }: PplRecord, level: number | null): string {
  const rule = contexts[0].rules.find((one) =>
    level === null ? one.rule === 'dense' : one.requested === level,
  )
  return rule === undefined ? '' : showLoss(rule)
}

function right(sweep: SweepRecord): string {
  return [0.8, 0]
    .flatMap((sparsity) => {
      const tasks = sweep.cells.find((cell) => cell.sparsity === sparsity)?.eval?.tasks ?? {}
      const verdicts = Object.values(tasks).flatMap(({ per_document }) => per_document.metrics.acc)
      return verdicts.length === 0 ? [] : [mean(verdicts).toFixed(2)]
    })
    .join(' of ')
}

const rowOf = ({ name, train, ppl, recall }: Run): string[] => {
  const rules = train.final.at(-1)?.rules
  const own = rules?.find(({ rule }) => rule === 'step') ?? rules?.find(({ rule }) => rule === 'dense')
  if (own === undefined) throw new Error(`${name}: its training has not ended`)
  return [
    name,
    ...settings(train),
    showLoss(own),
    nats(ppl, null),
    ...LEVELS.map((level) => nats(ppl, level)),
    right(recall),
  ]
}
const head = [
  'run',
  'gamma',
  'grace',
  'distill',
  'rate',
  'of new weights',
  'alpha, steps',
  'shifts',
  'own threshold',
  'nothing dropped',
  ...LEVELS.map((level) => `at ${level}`),
  'recall at 0.8',
]

const [{ train: first, ppl }] = today
const [context] = ppl.contexts
process.stdout.write(`# The recipe: why \`asp finetune\` has the defaults it has

Made by \`node --import tsx scripts/recipe.ts\` from results/recipe/, whose records are made by \`scripts/recipe-runs.ts\`. Each line is a training of ${first.steps.taken} steps of
${first.options.batch_tokens} tokens from asp-recall-dense, on the same windows in the same order. Nats a token on held-out books, in brackets the S_pair that was reached:
${first.final.at(-1)?.windows} windows at the threshold the training left (the loss of *dense*: with nothing dropped), and ${context.windows} windows of ${context.ctx} at the levels of \`--sparsity\`. Recall: share of right answers to
passkey and needle_cloze at 1,024 tokens, with 80 % of the pairs gone, and with nothing dropped.

${markdownTable(head, today.map(rowOf))}

Earlier, from asp-recall-dense as it was after 3.7 of its 7.8 million tokens (4.539 nats on the windows of *own threshold*, 4.462 on the others):

${markdownTable(head, before.map(rowOf))}

What was predicted, and what came of it:

- **Alpha from 1.5**, over 70 % of the steps, and **ten times the rate for new weights** were settled in earlier trainings, whose records are not kept: at
  alpha 1, where the paper begins, each query at first sees about seven tokens; at 1.5 nothing is dropped at the start (step 0 of every log: the dense
  loss), and the last steps learn under the mask that will be used. Both are still to be run beside their alternatives here.
- **Random shifts** (*shifted*) were expected to help away from a checkpoint's own threshold. They cost 0.06 nats and half of the recall at every level:
  the model answers them by growing its drop scores (0.5 needs a shift of 5.6 instead of 2.7), and no longer reacts to small ones. They stay an
  option. One gamma serves levels up to its own sparsity, those just below it best: see 0.5 to 0.9 of
  gamma-0.4 in [equal-footing.md](equal-footing.md).
- **Learning from the dense model** (*distilled*) was expected to keep what the model can do. At the same gamma it let 90 % go instead of 78 %, at no
  more loss on text, but recall was lost. In the long run (gamma-0.4 beside gamma-0.4-text in equal-footing.md) as much was dropped with it and without,
  recall was the same, WikiText a little better with it and books a little worse: not worth half as much time again, and not a default.
- **The rate** (*distilled-gently*): a third of it keeps what the dense model can do almost whole (4.482 nats with nothing dropped; the start has 4.462), and
  is the best line at 0.8, but learns to drop less in the same time.
- **Layers** share one gamma, and find their own shares: the second layer, whose heads look one token back, keeps everything at first and
  drops 60 % in the end, all others 94 to 98 % (*Per layer* in a training's summary).

Not tried yet: alpha from 1, one rate for all weights, the width of interaction queries and keys, propagation in depth, a gamma for each layer, other starts of beta than 2.
`)
