/**
 * docs/recipe.md from results/recipe/: short trainings that differ in one thing, and what they say about the defaults of `asp finetune`.
 *   node --import tsx scripts/recipe.ts > docs/recipe.md
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PplRecord } from '../src/record/ppl/schema.js'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import type { TrainRecord } from '../src/record/train/schema.js'
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
const [{ train: first, ppl: firstPpl }] = runs
for (const { name, train } of runs)
  if (train.data.sha256 !== first.data.sha256 || train.source.sha256 !== first.source.sha256)
    throw new Error(`${name}: another start or text`)

const settings = ({ options }: TrainRecord): string[] => [
  String(options.gamma),
  String(options.distill),
  String(options.rate.rate),
  String(options.rate_interaction),
  options.alpha === null || options.alpha.kind === 'constant'
    ? ''
    : `${options.alpha.from} to ${options.alpha.to} in ${options.alpha.over}`,
  options.shift_range === null ? '' : options.shift_range.join(' to '),
]

function nats({ contexts }: PplRecord, level: number | null): string {
  const rule = contexts[0].rules.find((one) =>
    level === null ? one.rule === 'dense' : one.requested === level,
  )
  if (rule === undefined) throw new Error(`no text at ${level}`)
  return showLoss(rule)
}

function right(sweep: SweepRecord): string {
  const [dense, pruned] = [0, 0.8].map((sparsity) => {
    const tasks = sweep.cells.find((cell) => cell.sparsity === sparsity)?.eval?.tasks ?? {}
    return mean(Object.values(tasks).flatMap(({ per_document }) => per_document.metrics.acc)).toFixed(2)
  })
  return `${pruned} of ${dense}`
}

const rows = runs.map(({ name, train, ppl, recall }) => {
  const own = train.final.at(-1)?.rules.find(({ rule }) => rule === 'step')
  if (own === undefined) throw new Error(`${name}: its training has not ended`)
  return [
    name,
    ...settings(train),
    showLoss(own),
    nats(ppl, null),
    ...LEVELS.map((level) => nats(ppl, level)),
    right(recall),
  ]
})
const head = [
  'run',
  'gamma',
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

const [context] = firstPpl.contexts
process.stdout.write(`# The recipe: why \`asp finetune\` has the defaults it has

Made by \`node --import tsx scripts/recipe.ts\` from results/recipe/. Each line is a training of ${first.steps.taken} steps of ${first.options.batch_tokens} tokens from the same
start (asp-recall-dense as it was after 3.7 million tokens: 4.539 nats on the windows of *own threshold*, 4.462 on the others), on the same windows in the same order.
Nats a token on held-out books, in brackets the S_pair that was reached: ${first.final.at(-1)?.windows} windows at the threshold the training left, and
${context.windows} windows of ${context.ctx} at the levels of \`--sparsity\`. Recall: share of right answers to passkey and needle_cloze at 1,024 tokens, with 80 %
of the pairs gone, and dense.

${markdownTable(head, rows)}

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
