/**
 * docs/rivals.md from the reference records: adaptive pruning against each policy that needs no training, at equal sparsity, on
 * the same weights and on those that were never fine-tuned, paired by document and by window.
 *   node --import tsx scripts/rivals.ts > docs/rivals.md
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Measured } from '../src/compare/measure.js'
import { missedTasks } from '../src/record/eval/reach.js'
import type { EvalRecord } from '../src/record/eval/schema.js'
import type { RuleRecord } from '../src/record/ppl/schema.js'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import { accuracyGain, gainOf, markdownTable, showGain, textGain } from './gains.js'

const read = (name: string): SweepRecord =>
  JSON.parse(
    readFileSync(fileURLToPath(new URL(`../results/reference-paper-${name}.json`, import.meta.url)), 'utf8'),
  )
const tuned = read('asp-tiny')
const untouched = read('asp-tiny-dense')

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

/** Log-probability of the right answer, nats a document. */
function logprob(base: EvalRecord, next: EvalRecord): Measured {
  const values = Object.entries(base.tasks).flatMap(([task, { per_document: a }]) =>
    a.logprob.map((value, i) => next.tasks[task].per_document.logprob[i] - value),
  )
  return gainOf({ kind: 'gains', values, weights: values.map(() => 1) })
}

/** Over all suites; marked where one of them is off. */
const reachedBy = (record: EvalRecord | null): string => {
  if (record === null) return 'none'
  return `${record.sparsity.achieved.toFixed(3)}${missedTasks(record).length === 0 ? '' : ' \\*'}`
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
      const reached = [own, theirs].map(reachedBy).join(' / ')
      const both = own !== null && theirs !== null
      return [
        share.toFixed(1),
        policy,
        weights,
        reached,
        both ? showGain(accuracyGain(theirs, own), 1, 100) : '',
        both ? showGain(logprob(theirs, own), 2) : '',
        showGain(textGain(rival.rule, adaptive.rule, adaptive.tokens), 3),
      ]
    }),
  ),
)

const documents = Object.entries(cellOf(tuned, 'dense', 0)?.tasks ?? {}).map(
  ([task, { documents: count }]) => `${count} of ${task}`,
)
const context = tuned.ppl?.contexts.at(-1)
const head = [
  'S requested',
  'rival',
  'its weights',
  'S_pair reached, adaptive / rival',
  'accuracy, points',
  'log-probability of the right answer, nats a document',
  'text, nats a token',
]
process.stdout.write(`# Learned pruning against policies that need no training

Made by \`node --import tsx scripts/rivals.ts\` from results/reference-paper-asp-tiny.json and -dense.json: two sweeps of the bundled
checkpoints over the bundled samples (${documents.join(', ')}) and the bundled text (${context?.tokens} tokens in ${context?.windows} windows of
${context?.ctx}). [policies.md](policies.md) describes each rival and what sparsity means for all of them.

Each figure is adaptive pruning minus the rival at the same requested sparsity: positive where learned pruning is better. The brackets have
the 95 % interval of the paired difference (accuracies: score interval over documents that changed; the others: bootstrap over documents or
windows); figures are bold if it excludes 0. Nothing is corrected for the number of rows. A star (\\*) marks a
policy that in some suite is more than 0.01 from the requested share, which its prompts of about 20 to 100 tokens do not allow: scores in such a
row compare unequal pruning. With the *same* weights, both policies run on asp-tiny, which was fine-tuned
with adaptive pruning. With *dense* weights, the rival runs on asp-tiny-dense, from which asp-tiny was fine-tuned, so these rows also
include the effect of fine-tuning on books.

${markdownTable(head, rows)}

asp-tiny is a toy of 4.6 million parameters whose accuracies are near chance; only log-probability and text are informative.
`)
