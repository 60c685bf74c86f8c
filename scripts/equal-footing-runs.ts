/**
 * Trainings and measurements on equal footing: every method from the same start, on the same windows in the same order, for as many
 * tokens, judged on the same held-out text and the same recall items.
 *   node --import tsx scripts/equal-footing-runs.ts --start models/asp-small-dense --data train.bin --eval-data books.jsonl.gz \
 *     --work runs --out results/equal-footing --steps 400 --only dense,local,adaptive
 * Everything is resumed: a run that was stopped goes on where it was, one that is finished is left alone.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values: given } = parseArgs({
  options: {
    start: { type: 'string', default: 'models/asp-small-dense' },
    data: { type: 'string' },
    'eval-data': { type: 'string' },
    work: { type: 'string', default: 'runs' },
    out: { type: 'string', default: 'results/equal-footing' },
    steps: { type: 'string', default: '400' },
    seed: { type: 'string', default: '42' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string' },
    part: { type: 'string', multiple: true, default: ['train', 'ppl', 'recall', 'eval'] },
  },
})

/** What a run adds to the shared flags of training, and the policies its checkpoint is judged under. */
interface Run {
  name: string
  train: string
  policies: string
  sparsities: string
}

const LEVELS = '0.5,0.8,0.9'

const RUNS: readonly Run[] = [
  {
    name: 'dense',
    train: '--control dense',
    policies: 'dense,local,streaming,h2o,tova,knorm,expected,random',
    sparsities: `0,${LEVELS}`,
  },
  { name: 'local', train: '--control local:109', policies: 'local', sparsities: LEVELS },
  { name: 'strided', train: '--control strided:203', policies: 'strided', sparsities: LEVELS },
  ...['0.1', '0.3', '1', '3'].map((gamma) => ({
    name: `gamma-${gamma}`,
    train: `--gamma ${gamma}`,
    policies: 'adaptive',
    sparsities: LEVELS,
  })),
  { name: 'shift', train: '--gamma 1 --shift-range=-1..3', policies: 'adaptive', sparsities: LEVELS },
]

/** Equal for all. */
const TRAINING =
  '--ctx 1024 --batch-tokens 4096 --rate 3e-4 --rate-schedule cosine --rate-interaction 3e-3 --held-out 16 --save-dtype f16'
const TASKS = 'passkey needle needle_cloze needles mqar copy_random copy_text'
const RECALL = '--length 256,1024 --items 6'
const PPL = '--ctx 1024 --limit 32768'

const wanted = given.only?.split(',')
for (const run of RUNS.filter(({ name }) => wanted?.includes(name) ?? true)) {
  const seeded = given.seed === '42' ? run.name : `${run.name}-seed-${given.seed}`
  const checkpoint = join(given.work, seeded)
  const results = join(given.out, seeded)
  mkdirSync(results, { recursive: true })
  if (given.part.includes('train')) train(run, checkpoint, results)
  const under = `--model ${checkpoint} --policy ${run.policies} --sparsity ${run.sparsities}`
  measure('ppl', results, `--data ${given['eval-data']} ${PPL} ${under}`)
  measure('recall', results, `${TASKS} ${RECALL} --filler ${given['eval-data']} ${under} --resume`)
  measure('eval', results, `paper --limit 200 --data sample ${under}`)
}

function train({ train: own }: Run, checkpoint: string, results: string): void {
  if (existsSync(join(results, 'train.json'))) return
  const again = existsSync(join(checkpoint, 'checkpoints')) ? '--resume' : ''
  asp(
    `finetune --model ${given.start} --data ${given.data} --eval-data ${given['eval-data']} ${TRAINING} ${own} ` +
      `--steps ${given.steps} --seed ${given.seed} --output ${checkpoint} ${again}`,
  )
  for (const file of ['train.json', 'train-log.jsonl', 'README.md'])
    copyFileSync(join(checkpoint, file), join(results, file))
}

function measure(part: string, results: string, flags: string): void {
  const record = join(results, `${part}.json`)
  if (!given.part.includes(part) || (existsSync(record) && part !== 'recall')) return
  asp(`${part} ${flags} --output ${record}`)
}

function asp(line: string): void {
  const args = [
    ...line.split(' ').filter((word) => word !== ''),
    '--device',
    'cpu',
    '--threads',
    given.threads,
  ]
  process.stdout.write(`asp ${args.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, ['bin/run.js', ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
