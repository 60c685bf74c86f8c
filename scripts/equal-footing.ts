/**
 * docs/equal-footing.md from results/equal-footing/ (scripts/equal-footing-runs.ts): ways to drop context, taught from one start on the same
 * text for as many tokens, and rivals that need no teaching, on text, on the paper's suites and on recall.
 *   node --import tsx scripts/equal-footing.ts > docs/equal-footing.md
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EvalRecord } from '../src/record/eval/schema.js'
import type { RuleRecord } from '../src/record/ppl/schema.js'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import type { TrainRecord } from '../src/record/train/schema.js'
import { gainOf, markdownTable, showGain, textGain } from './gains.js'

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

/** Accuracies of all suites' documents together. */
function accuracyGain(base: EvalRecord, next: EvalRecord): string {
  const documents = Object.entries(base.tasks).flatMap(([task, { per_document: a }]) =>
    a.hash.map((hash, i) => ({
      ...{ hash, docId: a.doc_id[i], base: a.metrics.acc[i] },
      new: next.tasks[task].per_document.metrics.acc[i],
    })),
  )
  return showGain(gainOf({ kind: 'verdicts', documents }), 1, 100)
}

/** Margins of the documents of some tasks, nats. */
function marginGain(base: EvalRecord, next: EvalRecord, task: string): string {
  const values = Object.entries(base.tasks)
    .filter(([name]) => name.startsWith(`recall_${task}`))
    .flatMap(([name, { per_document: a }]) => {
      const [own, theirs] = [next.tasks[name].per_document.recall?.margin, a.recall?.margin]
      if (own === undefined || theirs === undefined) throw new Error(`${name}: no margins`)
      return own.map((margin, i) => margin - theirs[i])
    })
  return showGain(gainOf({ kind: 'gains', values, weights: values.map(() => 1) }), 2)
}

const RECALLED = ['copy_random', 'copy_text', 'passkey', 'needle_cloze'] as const
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
      isControl(point) || suites === null ? '' : accuracyGain(denseSuites, suites),
      ...RECALLED.slice(0, 2).map((task) =>
        isControl(point) || recall === null ? '' : marginGain(denseRecall, recall, task),
      ),
    ]
  })

/** What the control itself does of a recall task: share right of items, chance beside it. */
function denseRight(task: string): string {
  const documents = Object.entries(denseRecall?.tasks ?? {}).filter(([name]) =>
    name.startsWith(`recall_${task}`),
  )
  const right = documents.flatMap(([, { per_document }]) => per_document.metrics.acc)
  const choices = documents.flatMap(([, { per_document }]) => per_document.recall?.choices ?? [])
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  return `${task} ${mean(right).toFixed(2)} of ${right.length} (chance ${mean(choices.map((count) => 1 / count)).toFixed(2)})`
}

const trained = runs.map(({ name, train }) => {
  const { options: own, last, timing, evaluations } = train
  const ends = evaluations.map(({ step, rules }) => {
    const rule = rules.find((one) => one.rule !== 'dense' && one.rule !== 'soft') ?? rules[0]
    return `${rule.nll.toFixed(4)}${rule.sparsity === null ? '' : ` (S ${rule.sparsity.achieved.toFixed(2)})`} at ${step}`
  })
  return [
    name,
    own.rule.kind,
    own.trainable === 'all' ? 'all' : 'gates alone',
    `${own.rate.rate}${own.rate_interaction === null ? '' : `, interaction ${own.rate_interaction}`}`,
    last === null ? '' : last.tokens_per_second.toFixed(0),
    `${(timing.total_s / 60).toFixed(1)} min`,
    ends.join(', '),
  ]
})

const [context] = control.sweep.ppl?.contexts ?? []
process.stdout.write(`# On equal footing: learned methods beside one another and beside rivals that need no training

Made by \`node --import tsx scripts/equal-footing.ts\` from results/equal-footing/, whose records were made by
\`scripts/equal-footing-runs.ts\`: for each way its training record and log, a sweep of suites and text, and a run of \`asp recall\`; each
record has its command.

All started from ${control.train.source.id} and took ${steps.taken} steps of ${options.batch_tokens} tokens (${tokens.toLocaleString('en-US')} in all) of ${data.sources.map(({ source }) => basename(source)).join(', ')}, the same
windows of ${options.ctx} in the same order (checked: start, text and tokens have the same hashes). The rivals that need no training are judged on the weights of the dense control,
which were trained for as long. Text: ${context?.windows} windows of ${context?.ctx} tokens of held-out books. Suites: ${Object.keys(denseSuites.tasks).join(', ')}, ${Object.values(denseSuites.tasks)[0].documents} documents
each. Differences are against the dense control, paired by window, document or item, with 95 % intervals; bold if these exclude 0. Text: nats a token below (+)
or above (-) the control's. Accuracy: points. Recall: change of the margin, nats an item.

What the control itself can recall: ${RECALLED.map(denseRight).join('; ')}. Where that is at chance pruning has nothing to destroy; the table shows
copying, which this model does a little.

${markdownTable(['weights', 'dropped by', 'requested', 'S_pair on text', 'KV footprint', 'perplexity', 'text', 'accuracy', 'copy_random', 'copy_text'], rows)}

## Trainings

Held-out loss on the way, under the rule each is trained for.

${markdownTable(['weights', 'method', 'trained', 'rate', 'tokens/s', 'time', 'held-out nats'], trained)}
`)
