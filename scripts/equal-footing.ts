/**
 * docs/equal-footing.md from results/equal-footing/ (scripts/equal-footing-runs.ts): ways to drop context, taught from one start on the same
 * text for as many tokens, and rivals that need no teaching, on text, on the paper's suites and on recall.
 *   node --import tsx scripts/equal-footing.ts > docs/equal-footing.md
 * With `--readme` it prints the table of README.md, What pruning costs.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EvalRecord } from '../src/record/eval/schema.js'
import type { RuleRecord } from '../src/record/ppl/schema.js'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import type { EvalFigures, TrainRecord } from '../src/record/train/schema.js'
import { mean } from '../src/stats/basics.js'
import { accuracyGain, gainOf, markdownTable, showGain, showLoss, textGain, wordGain } from './gains.js'

const root = fileURLToPath(new URL('../results/equal-footing/', import.meta.url))

interface Run {
  name: string
  train: TrainRecord
  sweep: SweepRecord
  recall: SweepRecord
}

const runs: Run[] = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`${root}${entry.name}/recall.json`))
  .map(({ name }) => {
    const read = (file: string) => JSON.parse(readFileSync(`${root}${name}/${file}.json`, 'utf8'))
    return { name, train: read('train'), sweep: read('sweep'), recall: read('recall') }
  })
const control = runs.find(({ name }) => name === 'dense')
if (control === undefined) throw new Error('results/equal-footing/dense: no control')
const { steps, options, tokens, data } = control.train
for (const { name, train } of runs) {
  const same = train.steps.taken === steps.taken && train.options.batch_tokens === options.batch_tokens
  if (!same || train.data.sha256 !== data.sha256 || train.source.sha256 !== control.train.source.sha256)
    throw new Error(`${name}: another start, text or number of tokens`)
}

/** A policy at a sparsity, on the weights of a run. */
interface Point {
  run: Run
  policy: string
  sparsity: number
}

const points: Point[] = runs.flatMap((run) =>
  run.sweep.cells.map(({ policy, sparsity }) => ({ run, policy, sparsity })),
)

function textOf({ run, policy, sparsity }: Point): { rule: RuleRecord; tokens: number[] } {
  const [context] = run.sweep.ppl?.contexts ?? []
  const rule = context?.rules.find((one) =>
    sparsity === 0
      ? one.rule === 'dense'
      : one.requested === sparsity && (one.sized?.policy ?? one.policy ?? policy) === policy,
  )
  if (context === undefined || rule === undefined)
    throw new Error(`${run.name}: no text under ${policy} ${sparsity}`)
  return { rule, tokens: context.samples.tokens }
}

const cellOf = (sweep: SweepRecord, { policy, sparsity }: Omit<Point, 'run'>): EvalRecord | null =>
  sweep.cells.find((one) =>
    sparsity === 0 ? one.policy === 'dense' : one.policy === policy && one.sparsity === sparsity,
  )?.eval ?? null

const RECALLED = ['passkey', 'needle_cloze', 'needles', 'mqar', 'copy_random'] as const

/** The parts of a record that are of one recall task, at its several lengths. */
const partsOf = (record: EvalRecord, task: string) =>
  Object.entries(record.tasks).filter(([name]) => name.startsWith(`recall_${task}.`))

/** Share of right answers. */
const shareRight = (record: EvalRecord, task: string): string =>
  mean(partsOf(record, task).flatMap(([, { per_document }]) => per_document.metrics.acc)).toFixed(2)

/** The share, with an arrow where the margins have changed against `base`, item by item. */
function rightOf(base: EvalRecord, next: EvalRecord, task: string): string {
  const values = partsOf(base, task).flatMap(([name, { per_document: a }]) => {
    const [own, theirs] = [next.tasks[name].per_document.recall?.margin, a.recall?.margin]
    if (own === undefined || theirs === undefined) throw new Error(`${name}: no margins`)
    return own.map((margin, i) => margin - theirs[i])
  })
  const { interval } = gainOf({ kind: 'gains', values, weights: values.map(() => 1) })
  const arrow = interval === null ? '' : interval.high < 0 ? ' ↓' : interval.low > 0 ? ' ↑' : ''
  return `${shareRight(next, task)}${arrow}`
}

const denseText = textOf({ run: control, policy: 'dense', sparsity: 0 })
const [denseSuites, denseRecall] = [control.sweep, control.recall].map((sweep) =>
  cellOf(sweep, { policy: 'dense', sparsity: 0 }),
)
if (denseSuites === null || denseRecall === null) throw new Error('the control has no dense cells')

const isControl = ({ run, sparsity }: Point): boolean => run === control && sparsity === 0

const rows = [...points]
  .sort((a, b) => a.sparsity - b.sparsity || textOf(a).rule.nll - textOf(b).rule.nll)
  .map((point) => {
    const { rule } = textOf(point)
    const [suites, recall] = [point.run.sweep, point.run.recall].map((sweep) => cellOf(sweep, point))
    return [
      point.run.name,
      point.sparsity === 0 ? 'nothing dropped' : point.policy,
      point.sparsity === 0 ? '' : point.sparsity.toFixed(1),
      rule.sparsity?.achieved == null ? '' : rule.sparsity.achieved.toFixed(3),
      rule.sparsity?.kv_footprint == null ? '' : rule.sparsity.kv_footprint.toFixed(3),
      Math.exp(rule.nll).toFixed(2),
      isControl(point) ? '' : showGain(textGain(denseText.rule, rule, denseText.tokens), 4),
      isControl(point) || suites === null ? '' : showGain(wordGain(denseSuites, suites, 'wikitext'), 3),
      isControl(point) || suites === null ? '' : showGain(accuracyGain(denseSuites, suites), 1, 100),
      ...RECALLED.map((task) => (recall === null ? '' : rightOf(denseRecall, recall, task))),
    ]
  })

/** Items of a recall task, and how many would be right by guessing. */
function itemsOf(task: string): string {
  const parts = partsOf(denseRecall as EvalRecord, task)
  const choices = parts.flatMap(([, { per_document }]) => per_document.recall?.choices ?? [])
  return `${task} ${choices.length} (${mean(choices.map((count) => 1 / count)).toFixed(2)})`
}

/** Under the rule that a training is for. */
const ownRule = ({ rules }: EvalFigures) =>
  rules.find((one) => one.rule !== 'dense' && one.rule !== 'soft') ?? rules[0]

const trained = runs.map(({ name, train }) => {
  const { options: own, last } = train
  return [
    name,
    own.rule.kind,
    own.rule.kind === 'adaptive' ? String(own.grace ?? 0) : '',
    own.distill === 0 ? 'text' : `text and, ${own.distill} of the loss, the start`,
    `${own.rate.rate}${own.rate_interaction === null ? '' : `, interaction ${Number(own.rate_interaction.toPrecision(3))}`}`,
    last === null ? '' : last.tokens_per_second.toFixed(0),
    last === null ? '' : `${(tokens / last.tokens_per_second / 60).toFixed(0)} min`,
  ]
})

/** A row every so many steps: tokens, then of each training what held-out text costs. */
const lossRows = control.train.evaluations
  .filter(({ step }) => step % 100 === 0)
  .map(({ step }) => [
    ((step * options.batch_tokens) / 1e6).toFixed(1),
    ...runs.map(({ train }) => {
      const found = train.evaluations.find((one) => one.step === step)
      return found === undefined ? '' : showLoss(ownRule(found))
    }),
  ])

/** At 0.8, in short: the control, what was taught, then the rivals that need no teaching on the control's weights. */
function readmeTable(): string {
  const dense = points.filter(isControl)
  const taught = points.filter(({ run, sparsity }) => sparsity === 0.8 && run !== control)
  const untaught = points.filter(({ run, sparsity }) => sparsity === 0.8 && run === control)
  const byText = (some: Point[]) => some.sort((a, b) => textOf(a).rule.nll - textOf(b).rule.nll)
  const recalled = ['passkey', 'needle_cloze', 'copy_random']
  const rows = [...dense, ...byText(taught), ...byText(untaught)].map((point) => {
    const { rule } = textOf(point)
    const recall = cellOf(point.run.recall, point)
    if (recall === null) throw new Error(`${point.run.name}: no recall under ${point.policy}`)
    const how = point.run === control ? 'no' : point.run.name
    return [
      point.sparsity === 0 ? 'nothing' : point.policy,
      point.sparsity === 0 ? '' : how,
      Math.exp(rule.nll).toFixed(1),
      ...recalled.map((task) => shareRight(recall, task)),
    ]
  })
  return markdownTable(['dropped by', 'taught', 'perplexity', 'pass key', 'needle', 'passage'], rows)
}

const [context] = control.sweep.ppl?.contexts ?? []
const page =
  () => `# On equal footing: learned methods beside one another and beside rivals that need no training

Made by \`node --import tsx scripts/equal-footing.ts\` from results/equal-footing/, whose records were made by
\`scripts/equal-footing-runs.ts\`: for each way its training record and log, a sweep of suites and text, and a run of \`asp recall\`; each
record has its command. [equal-footing.html](equal-footing.html) is \`asp report\` of the same files, with the plots.

All started from ${control.train.source.id} and took ${steps.taken} steps of ${options.batch_tokens} tokens (${tokens.toLocaleString('en-US')} in all) of ${data.sources.map(({ source }) => basename(source)).join(', ')}, the same
windows of ${options.ctx} in the same order (checked: start, text and tokens have the same hashes). The rivals that need no training are judged on the weights of the dense control,
which were trained for as long. Text: ${context?.windows} windows of ${context?.ctx} tokens of held-out books. Suites: ${Object.keys(denseSuites.tasks).join(', ')}, ${Object.values(denseSuites.tasks)[0].documents} documents
each. Differences are against the dense control, paired by window, document or item, with 95 % intervals; bold if these exclude 0. Text: nats a token below (+)
or above (-) the control's; WikiText: nats a word of the bundled pages. Accuracy: points, the suites but wikitext together. Recall: share of right answers; an arrow where the margins are lower or higher than the
control's, item by item. Items, and in brackets what guessing gives: ${RECALLED.map(itemsOf).join(', ')}.

- **Recall.** With 80 % of the pairs gone and a fifth of the cache left, the checkpoints of adaptive pruning with gamma 0.4 answer every pass key, needle and passage,
  as the dense control does, in texts of 256 and of 1,024 tokens; with 90 % gone 0.82 to 1.00 of them. No policy that was not taught finds more than
  0.65 of the pass keys or 0.60 of the needles, and a window or blocks that were trained with find no more, for they lie outside.
- **A grace of 32 tokens** (grace-32-gamma-0.4) keeps 24 % of the pairs of 256 tokens, where 0.8 is then out of reach: all that may be dropped is, and recall with it (0.35 to 0.40 there,
  and 1.00 of the same three tasks in 1,024 tokens, 0.80 to 0.95 with 90 % gone). Hence the default of 8.
- **Text.** At 0.8 pruning costs 2.6 % of perplexity against the control with that grace, 4 % without (6 % where half of the loss was learned from the start); local attention that
  was trained with its window costs 8 %, blocks 12 %, the best policy that was not taught 24 %. On WikiText the grace costs a quarter of what pruning costs without one, and with nothing
  dropped its checkpoint is 9 % from the control instead of 25 %. At 0.9 it is 5 to 6 % (17 % for local attention). Against the model that all began from, nothing is lost (*Trainings*,
  below). The aim was 1 % against the control.
- **One checkpoint for many levels.** grace-32-gamma-0.4 is the best that was trained at 0.5 (with local attention) and at 0.8, and 0.9 % from the best at 0.9. Without a grace 0.5 is worse
  than 0.8: what a shift brings back was not there in training.
- **A teacher** (gamma-0.4) drops as much as text alone (gamma-0.4-text), is better on WikiText and worse on books.
- \`needles\` and \`mqar\` are near chance for the control: this model does not tell several needles apart, so nothing is shown there. Accuracies of the suites
  hardly differ from the control's, which are near chance.
- One seed each; the intervals are those of windows, documents and items.

${markdownTable(['weights', 'dropped by', 'requested', 'S_pair on text', 'KV footprint', 'perplexity', 'text', 'WikiText', 'accuracy', ...RECALLED], rows)}

## Trainings

${markdownTable(['weights', 'method', 'grace', 'learned from', 'rate', 'tokens/s', 'time of the steps'], trained)}

Held-out loss on the way, nats a token over ${control.train.evaluations[0].windows} windows, under the rule each is trained for, in brackets the S_pair that it had:

${markdownTable(['M tokens', ...runs.map(({ name }) => name)], lossRows)}
`

process.stdout.write(process.argv.includes('--readme') ? `${readmeTable()}\n` : page())
