/**
 * docs/rivals.md from the reference records: adaptive pruning against each policy that needs no training, at equal sparsity, on
 * the same weights and on those that were never fine-tuned, paired by document and by window.
 *   node --import tsx scripts/rivals.ts > docs/rivals.md
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Measured, measure } from '../src/compare/measure.js'
import type { Pair } from '../src/compare/pairs.js'
import type { RuleRecord } from '../src/record/ppl-schema.js'
import type { EvalRecord } from '../src/record/schema.js'
import type { SweepRecord } from '../src/record/sweep-schema.js'

const read = (name: string): SweepRecord =>
  JSON.parse(
    readFileSync(fileURLToPath(new URL(`../results/reference-paper-${name}.json`, import.meta.url)), 'utf8'),
  )
const tuned = read('asp-tiny')
const untouched = read('asp-tiny-dense')

const CONFIDENCE = 0.95

/** Null where a policy cannot remove so much of short prompts. */
function cellOf(sweep: SweepRecord, policy: string, sparsity: number): EvalRecord | null {
  const cell = sweep.cells.find((one) => one.policy === policy && one.sparsity === sparsity)
  if (cell === undefined) throw new Error(`no cell ${policy} ${sparsity}`)
  return cell.eval
}

function ruleOf(
  sweep: SweepRecord,
  policy: string,
  sparsity: number,
): { rule: RuleRecord; tokens: number[] } {
  const context = sweep.ppl?.contexts.at(-1)
  const rule = context?.rules.find(
    (one) =>
      one.requested === sparsity && (one.sized?.policy ?? (one.rule === 'step' ? 'adaptive' : '')) === policy,
  )
  if (context === undefined || rule === undefined) throw new Error(`no rule ${policy} ${sparsity}`)
  return { rule, tokens: context.samples.tokens }
}

/** What is common to the pairs that are measured here: gains of `next` over `base`. */
const pairOf = (data: Pair['data']): Pair => ({
  cell: '',
  task: '',
  metric: '',
  higherIsBetter: true,
  scale: 'difference',
  base: 0,
  new: 0,
  data,
})

/** Accuracies of all suites' documents together, right or wrong. */
function accuracy(base: EvalRecord, next: EvalRecord): Measured {
  const documents = Object.entries(base.tasks).flatMap(([task, { per_document: a }]) => {
    const b = next.tasks[task].per_document
    return a.hash.map((hash, i) => ({
      hash,
      docId: a.doc_id[i],
      base: a.metrics.acc[i],
      new: b.metrics.acc[i],
    }))
  })
  return measure(pairOf({ kind: 'verdicts', documents }), CONFIDENCE)
}

/** Log-probability of the right answer, nats a document. */
function logprob(base: EvalRecord, next: EvalRecord): Measured {
  const values = Object.entries(base.tasks).flatMap(([task, { per_document: a }]) =>
    a.logprob.map((value, i) => next.tasks[task].per_document.logprob[i] - value),
  )
  return measure(pairOf({ kind: 'gains', values, weights: values.map(() => 1) }), CONFIDENCE)
}

/** Nats a token of the text, windows as units. */
function text(base: RuleRecord, next: RuleRecord, tokens: number[]): Measured {
  const values = base.samples.nll.map((nll, i) => nll - next.samples.nll[i])
  return measure(pairOf({ kind: 'gains', values, weights: tokens }), CONFIDENCE)
}

const signed = (value: number, digits: number): string =>
  `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`

function figure({ gain, interval }: Measured, digits: number, times = 1): string {
  if (interval === null) return signed(times * gain, digits)
  const [low, high] = [interval.low, interval.high].map((end) => signed(times * end, digits))
  const clear = interval.low > 0 || interval.high < 0 ? '**' : ''
  return `${clear}${signed(times * gain, digits)}${clear} (${low} to ${high})`
}

const policies = tuned.grid.policies.filter((name) => name !== 'dense' && name !== 'adaptive')
const sparsities = tuned.grid.sparsities.filter((share) => share > 0)
const rows = sparsities.flatMap((share) =>
  [
    { weights: 'same', sweep: tuned },
    { weights: 'dense', sweep: untouched },
  ].flatMap(({ weights, sweep }) =>
    policies.map((policy) => {
      const [own, theirs] = [cellOf(tuned, 'adaptive', share), cellOf(sweep, policy, share)]
      const [adaptive, rival] = [ruleOf(tuned, 'adaptive', share), ruleOf(sweep, policy, share)]
      const reached = [own, theirs].map((one) => one?.sparsity.achieved.toFixed(3) ?? 'none').join(' / ')
      const both = own !== null && theirs !== null
      return [
        share.toFixed(1),
        policy,
        weights,
        reached,
        both ? figure(accuracy(theirs, own), 1, 100) : '',
        both ? figure(logprob(theirs, own), 2) : '',
        figure(text(rival.rule, adaptive.rule, adaptive.tokens), 3),
      ]
    }),
  ),
)

const documents = Object.entries(cellOf(tuned, 'dense', 0)?.tasks ?? {}).map(
  ([task, { documents: count }]) => `${count} of ${task}`,
)
const context = tuned.ppl?.contexts.at(-1)
const head = [
  'S asked',
  'rival',
  'its weights',
  'S_pair reached, adaptive / rival',
  'accuracy, points',
  'log-probability of the right answer, nats a document',
  'text, nats a token',
]
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
process.stdout.write(`# Learned pruning against policies that need no training

Made by \`node --import tsx scripts/rivals.ts\` from results/reference-paper-asp-tiny.json and -dense.json: two sweeps of the bundled
checkpoints over the bundled samples (${documents.join(', ')}) and the bundled text (${context?.tokens} tokens in ${context?.windows} windows of
${context?.ctx}). [policies.md](policies.md) has what each rival does and what sparsity means for all of them.

Each figure is adaptive pruning minus the rival at the same requested sparsity: positive where learned pruning is better. In brackets the 95 %
interval of the paired difference (accuracies: score interval over documents that changed; the others: bootstrap over documents or
windows); bold where it leaves out 0. Nothing is corrected for the number of rows. Where
prompts of some 20 to 100 tokens do not let a policy remove so much, only the text is compared. *Same* weights: both policies on asp-tiny, which was
fine-tuned with adaptive pruning. *Dense*: the rival on asp-tiny-dense, which both began from and which had no further training, so that
these rows also hold what fine-tuning on books did.

${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}

asp-tiny is a toy of 4.6 million parameters whose accuracies are near chance; what its rows can show is log-probability and text.
`)
