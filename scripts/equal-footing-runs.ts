/**
 * Trainings and measurements on equal footing: every method from the same start, on the same windows in the same order, for as many
 * tokens, judged on the same held-out text and the same recall items.
 *   node --import tsx scripts/equal-footing-runs.ts --start models/asp-recall-dense --data train.bin --eval-data books.jsonl.gz \
 *     --work runs --out results/equal-footing --steps 1000 --only dense,local,gamma-0.4-text
 * Everything is resumed: a run that was stopped goes on where it was, one that is finished is left alone.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asp, RUN_FLAGS, train } from './asp.js'

const { values: given } = parseArgs({
  options: {
    ...RUN_FLAGS,
    out: { type: 'string', default: 'results/equal-footing' },
    steps: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '42' },
    rate: { type: 'string', default: '3e-4' },
    part: { type: 'string', multiple: true, default: ['train', 'sweep', 'recall'] },
  },
})

/** What a run adds to the shared flags of training, and the policies its checkpoint is judged under. */
interface Run {
  name: string
  train: string
  policies: string
  /** All unless said. */
  levels?: string
}

const LEVELS = '0.5,0.8,0.9'

/** What learns weights of the model itself, and what learns gates alone, which start from nothing. */
const MODEL_RATE = `--rate ${given.rate}`
const GATES_RATE = '--rate 1e-2'

/** They need no training, and are judged on the dense control, at one level. */
const RIVALS = 'local,strided,streaming,h2o,tova,knorm,expected,keydiff,snapkv,pyramid,lagkv,random-sinks'

const RUNS: readonly Run[] = [
  { name: 'dense', train: `--control dense ${MODEL_RATE}`, policies: RIVALS, levels: '0.8' },
  { name: 'local', train: `--control local:109 ${MODEL_RATE}`, policies: 'local' },
  { name: 'strided', train: `--control strided:203 ${MODEL_RATE}`, policies: 'strided' },
  ...['0.1', '0.2', '0.4', '0.8'].flatMap((gamma) =>
    Object.entries({
      [`gamma-${gamma}`]: '--grace 0 --distill 0.5',
      [`gamma-${gamma}-text`]: '--grace 0',
      [`grace-32-gamma-${gamma}`]: '--grace 32',
      [`grace-8-gamma-${gamma}`]: '--grace 8',
    }).map(([name, own]) => ({
      name,
      train: `--gamma ${gamma} ${own} ${MODEL_RATE}`,
      policies: 'adaptive',
    })),
  ),
  {
    name: 'shift',
    train: `--gamma 0.4 --shift-range=0..3 ${MODEL_RATE}`,
    policies: 'adaptive',
  },
  { name: 'kvzap', train: `--method kvzap ${GATES_RATE}`, policies: 'kvzap' },
  { name: 'trimkv', train: `--method trimkv --gamma 1 --distill 0.5 ${GATES_RATE}`, policies: 'trimkv' },
  { name: 'selective', train: `--method selective --gamma 0.3 ${MODEL_RATE}`, policies: 'selective' },
]

/** Equal for all. */
const TRAINING = '--ctx 1024 --batch-tokens 4096 --held-out 8 --eval-every 50 --save-dtype f16'
const FILES = ['train.json', 'train-log.jsonl', 'README.md']
const TASKS = 'passkey needle_cloze needles mqar copy_random'
const RECALL = '--length 256,1024 --items 4'
const SUITES = 'paper wikitext'
const SWEEP = '--parts eval,ppl --ctx 1024 --text-limit 32768 --data sample --limit 100'

const wanted = given.only?.split(',')
for (const run of RUNS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  const seeded = given.seed === '42' ? run.name : `${run.name}-seed-${given.seed}`
  const checkpoint = join(given.work, seeded)
  const results = join(given.out, seeded)
  mkdirSync(results, { recursive: true })
  const flags = `${TRAINING} ${run.train} --steps ${given.steps} --seed ${given.seed}`
  if (given.part.includes('train')) train(given, flags, { checkpoint, results }, FILES)
  const { levels = LEVELS } = run
  const under = `--model ${checkpoint} --policy ${run.policies}`
  measure('sweep', results, `${SUITES} ${SWEEP} --text ${given['eval-data']} ${under} --sparsity 0,${levels}`)
  measure(
    'recall',
    results,
    `${TASKS} ${RECALL} --filler ${given['eval-data']} ${under} --sparsity ${levels}`,
  )
}

function measure(part: 'sweep' | 'recall', results: string, flags: string): void {
  if (given.part.includes(part))
    asp(`${part} ${flags} --resume --output ${join(results, `${part}.json`)}`, given.threads)
}
