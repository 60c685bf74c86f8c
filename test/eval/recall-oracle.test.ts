/**
 * Recall under policies that are known to be right and wrong: one that keeps nothing of the text but the tokens that hold the answer is
 * as good as the dense model, one that drops exactly these is at chance. The model is made by hand (test/recaller-model.ts).
 */
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'
import { scoreRequests } from '../../src/eval/score.js'
import { mean, sum, wilsonInterval } from '../../src/stats/basics.js'
import { documentMetrics } from '../../src/suites/metrics.js'
import { makeDataset } from '../../src/suites/recall/generate.js'
import { DEFAULT_GRID } from '../../src/suites/recall/grid.js'
import type { RecallTaskName } from '../../src/suites/recall/tasks.js'
import { loadSuite } from '../../src/suites/suite.js'
import { prepareTask, type Task } from '../../src/suites/task.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { RECALLER, recallerTensors } from '../recaller-model.js'

const tokenizer = await loadTokenizer(new URL('../../models/asp-tiny', import.meta.url).pathname, 8192)
const GRID = { ...DEFAULT_GRID, lengths: [200], depths: [0.1, 0.5, 0.9], items: 2 }

/** What holds the answer, and how often it is asked for rightly by chance. */
const TASKS: Partial<
  Record<RecallTaskName, { chance: number; holder: (text: string, answer: string) => string }>
> = {
  passkey: { chance: 0.25, holder: (_, key) => `The pass key is${key}. Remember it.${key} is the pass key.` },
  needle: {
    chance: 0.25,
    holder: (text, number) => found(text, new RegExp(`The magic number of \\w+ is${number}\\.`)),
  },
  needle_cloze: {
    chance: 0.25,
    holder: (text, number) => found(text, new RegExp(`What is .*\\? It is${number}\\.`)),
  },
  mqar: { chance: 0.25, holder: (text, value) => found(text, new RegExp(`\\w+:${value}\\.`)) },
  copy_random: { chance: 0.5, holder: (_, passage) => passage.trim() },
}

const found = (text: string, pattern: RegExp): string => pattern.exec(text)?.[0] ?? ''

async function taskOf(name: RecallTaskName): Promise<Task> {
  const making = { grid: GRID, counter: tokenizer, nPositions: RECALLER.nPositions }
  return prepareTask(
    loadSuite(`recall_${name}`),
    await makeDataset({ task: name }, making),
    tokenizer,
    RECALLER.nPositions,
    {},
  )
}

interface Outcome {
  acc: number
  exact: number
  margin: number
  removed: number
}

await onEachAdapter(
  'recall under an oracle',
  (test, open) => {
    /** Of one document. */
    async function score(engine: Engine, { suite, examples, requests }: Task, doc: number, rule: DropRule) {
      const own = requests.filter((request) => request.doc === doc)
      const limits = { tokens: 4096, requests: 64 }
      const scores = []
      for await (const batch of scoreRequests(engine, own, { rule, limits }))
        scores.push(...batch.map((one) => one.score))
      const choiceTokens = own.map(({ targets }) => targets.length)
      const metrics = documentMetrics(suite, { ...examples[doc], choiceTokens }, scores)
      const { acc, exact_match: exact, margin } = metrics as Record<string, number>
      return { acc, exact, margin, removed: sum(scores[0].removed) / 2 / scores[0].pairs }
    }

    /** Positions of a text's tokens that hold its answer. */
    function holderOf(name: RecallTaskName, task: Task, doc: number): (position: number) => boolean {
      const { pairs, gold } = task.examples[doc]
      const { context, continuation } = pairs[gold ?? 0]
      // Its first token begins with the space before it.
      const holder = ` ${TASKS[name]?.holder(context, continuation)}`
      const at = context.indexOf(holder)
      assert.ok(at >= 0 && context.indexOf(holder, at + 1) < 0, `${name}: ${holder}`)
      const [from, to] = [at, at + holder.length].map((end) => tokenizer.encode(context.slice(0, end)).length)
      return (position) => position >= from && position < to
    }

    /** Under the opposite, of all tasks. */
    const blind: { acc: number; chance: number }[] = []

    for (const name of Object.keys(TASKS) as RecallTaskName[]) {
      test(`${name}: dense is right, and so is what keeps the answer alone; what drops it is at chance`, async () => {
        const task = await taskOf(name)
        const dense = await openEngine(open, { config: RECALLER, tensors: recallerTensors() })
        const outcomes: Record<'dense' | 'oracle' | 'opposite', Outcome[]> = {
          dense: [],
          oracle: [],
          opposite: [],
        }
        for (const doc of task.examples.keys()) {
          const holds = holderOf(name, task, doc)
          outcomes.dense.push(await score(dense, task, doc, { kind: 'dense' }))
          for (const [policy, marked] of [
            ['oracle', holds],
            ['opposite', (position: number) => !holds(position)],
          ] as const) {
            const engine = await openEngine(open, { config: RECALLER, tensors: recallerTensors(marked) })
            outcomes[policy].push(await score(engine, task, doc, { kind: 'adaptive', shift: 0 }))
            engine.close()
          }
        }
        dense.close()
        for (const [doc, dense] of outcomes.dense.entries()) {
          const [oracle, opposite] = [outcomes.oracle[doc], outcomes.opposite[doc]]
          const what = JSON.stringify({ name, doc, dense, oracle, opposite })
          assert.equal([dense.acc, oracle.acc], [1, 1], what)
          // Nothing foretells the first word of a copy.
          assert.equal(
            [dense.exact, oracle.exact, opposite.exact],
            name === 'copy_random' ? [0, 0, 0] : [1, 1, 0],
            what,
          )
          assert.ok(oracle.removed > 0.75 && opposite.removed < 0.2 && opposite.removed > 0, what)
          assert.ok(oracle.margin > 0.6 * dense.margin && opposite.margin < 0.5 * dense.margin, what)
        }
        blind.push(...outcomes.opposite.map(({ acc }) => ({ acc, chance: TASKS[name]?.chance ?? 0 })))
      })
    }

    test('without the answer as many are right as by chance', () => {
      const right = mean(blind.map(({ acc }) => acc))
      const { low, high } = wilsonInterval(right, blind.length)
      const chance = mean(blind.map((one) => one.chance))
      assert.ok(low < chance && chance < high, `${right} of ${blind.length}, by chance ${chance}`)
    })
  },
  { once: true },
)
