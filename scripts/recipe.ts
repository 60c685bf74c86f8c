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
  options.rate_interaction === null ? '' : String(Number(options.rate_interaction.toPrecision(3))),
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

- **Grace** was expected to help where little context is there: without it the first 128 tokens of a window lose 0.03 nats to pruning, and a window of
  the last 109 tokens nothing. It did far more: at 0.8 it took 0.13 to 0.15 nats away of 0.16 in a short training (*grace-8*, *grace-32* beside *no-grace*), and recall stays whole.
- **The second layer** has heads that look one token back. Without a grace any drop there costs, so that it either stays whole (S_pair 0 in that layer, in most lines) or
  has to learn anew. What alpha has hardened cannot change its mind: outside the band no gradient passes, and a layer that drops nothing by then never will
  (*alpha-early*, *gamma-0.02*: the first two layers; *one-rate*: all but one), so that a shift to 0.8 afterwards takes them all at once.
- **A small gamma** (*gamma-0.02*) drops half of the pairs at no cost whatever, where the layers let it. All cost lies in what is beyond.
- **Alpha from 1.5** in 70 % of the steps: from 1, where the paper begins (*alpha-from-1*), each query at first sees about seven tokens; the loss recovers, and in so short a
  training it ended a little better at 0.8 and worse with nothing dropped. A hardening in a third of the steps (*alpha-early*) closes layers before they drop.
- **Ten times the rate for new weights**: at one rate for all (*one-rate*) next to nothing is learned about dropping, at three times (*thrice-the-rate*) two layers learn nothing.
- **The rate** (*rate-6e-4*): twice of it drops more sooner and unlearns recall, dense as well.
- **Random shifts** (*shifted*, earlier start) were expected to help away from a checkpoint's own threshold. They cost 0.06 nats and half of the recall at every level:
  the model answers them by growing its drop scores (0.5 needs a shift of 5.6 instead of 2.7), and no longer reacts to small ones. They stay an option.
- **Learning from the dense model** (*distilled*, earlier start) was expected to keep what the model can do. At the same gamma it let 90 % go instead of 78 %, at no
  more loss on text, but recall was lost. In the long run (gamma-0.4 beside gamma-0.4-text in [equal-footing.md](equal-footing.md)) as much was dropped with it and without,
  recall was the same, WikiText a little better with it and books a little worse: not worth half as much time again, and not a default.

Not tried yet: the width of interaction queries and keys, propagation in depth, a gamma for each layer, other starts of beta than 2. Holding each layer's beta to a
sparsity by a controller was tried and left: the layer that will not drop learns to outgrow it.
`)
