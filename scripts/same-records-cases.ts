/**
 * The runs of same-records.ts: every command that makes a record, on bundled checkpoints and bundled data, each case in a folder of
 * its own beside `inputs`. They are small, so that all of them take some three minutes, and as they are typed today, so that old names of
 * flags are tried too. Benchmarks are here for the shape of what they write.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Words of a command line, split at spaces; or what a kill leaves of a log: a share of its bytes, so that a line is torn. */
export type Step = string | { cut: string; share: number }

const HELLASWAG = '../inputs/hellaswag.jsonl'
const PROMPTS = 'generate --file ../inputs/prompts.jsonl'
const TEXT = '../inputs/text.txt'
const SWEEP = 'sweep winogrande --data sample --limit 8 --sparsity 0,0.5 --ctx 32,64 --text-limit 256'
const CONTROL = `finetune --data ${TEXT} --ctx 64 --batch-tokens 256 --held-out 2 --rate 1e-3`
/** So fast that half is dropped after a few steps. */
const TRAIN = `${CONTROL} --rate-interaction 0.02`

const evaluate = (suites: string, rest: string): string => `eval ${suites} --data sample --limit 16 ${rest}`

const paper = (policy: string): string[] =>
  [0, 0.5, 0.8].map((share) =>
    evaluate('paper', `--policy ${policy} --sparsity ${share} -s -o ${share}.json`),
  )

const RESUMED_EVAL = evaluate('hellaswag winogrande', '--resume -o run.json --sparsity')
const RESUMED_SWEEP = `${SWEEP} --policy adaptive,h2o,streaming --parts eval,ppl --resume -o sweep.json`
/** Schedules as long as the whole, so that --resume may add steps. */
const RESUMED_TRAINING = `${TRAIN} --gamma 1 --alpha-steps 5 --warmup 1 --save-every 1 --eval-every 2 --out out`

export const CASES: Record<string, readonly Step[]> = {
  tasks: ['tasks', 'tasks --json', 'tasks check piqa'],
  'paper-adaptive': paper('adaptive'),
  'paper-h2o': paper('h2o'),
  'paper-local': paper('local'),
  'paper-streaming': paper('streaming'),
  'eval-dense': [evaluate('paper', '--policy dense -s -o run.json')],
  'eval-threshold': [evaluate('hellaswag piqa', '-s -o run.json --json')],
  'eval-shift': [
    evaluate('hellaswag piqa', '--shift -0.5 -s -o less.json'),
    evaluate('hellaswag piqa', '--shift 1 -s -o more.json'),
  ],
  'eval-rivals': ['strided', 'tova', 'knorm', 'expected', 'random'].map((policy) =>
    evaluate('hellaswag', `--policy ${policy} --sparsity 0.4 -s -o ${policy}.json`),
  ),
  'eval-size': [
    evaluate('winogrande', '--policy local --size 8 -s -o local.json'),
    evaluate('winogrande', '--policy h2o --size 12 -s -o h2o.json'),
  ],
  'eval-fewshot': [
    evaluate('hellaswag', `-f 2 --fewshot-data ${HELLASWAG} -s -o two.json`),
    evaluate(
      'hellaswag',
      `-f 3 --fewshot-data ${HELLASWAG} --fewshot-seed 7 --sparsity 0.8 -s -o three.json`,
    ),
  ],
  'eval-settings': [
    evaluate('piqa', '--dtype f32 --batch-size 3 -s -o f32.json'),
    evaluate('piqa', '--sparsity 0.5 --seed 7 --batch-tokens 256 -s -o seed.json'),
    evaluate('piqa', '--model asp-tiny-dense -s -o dense.json'),
    'eval piqa --data sample --samples {"piqa":[26,0,8]} -s -o chosen.json',
    `eval hellaswag --data ${HELLASWAG} --limit 0.1 --model asp-recall --sparsity 0.8 -s -o any.json`,
  ],
  'eval-lm-eval': [evaluate('hellaswag', '--shift -0.5 --format lm-eval -s -o out')],
  'eval-all': ['eval all --data sample --limit 2 --sparsity 0.5 -s -o run.json'],
  'eval-resumed': [
    `${RESUMED_EVAL} 0.5`,
    { cut: 'run.samples.hellaswag.jsonl', share: 0.6 },
    { cut: 'run.samples.winogrande.jsonl', share: 0 },
    `${RESUMED_EVAL} 0.5`,
    `${RESUMED_EVAL} 0.8`,
  ],
  merge: [
    evaluate('piqa hellaswag', '--sparsity 0.5 --shard 1/2 -o one.json'),
    evaluate('piqa hellaswag', '--sparsity 0.5 --shard 2/2 -o two.json'),
    'merge one.json two.json -o run.json',
  ],
  ppl: [
    'ppl --ctx 32-128*2 --sparsity 0,0.5,0.8 --alpha 8 --limit 1024 -o run.json',
    `ppl ${TEXT} --ctx 64 --sparsity 0.5 --limit 512 --output-format csv -o csv.json`,
  ],
  'ppl-strided': [
    'ppl --ctx 64,128 --protocol strided --sparsity 0,0.5,0.8 --limit 512 -o half.json',
    'ppl --ctx 64 --protocol strided --stride 16 --sparsity 0.8 --limit 512 --output-format md -o 16.json',
  ],
  'ppl-llama': ['ppl --ctx 64 --protocol llama --sparsity 0,0.5 --limit 512 --json -o run.json'],
  'ppl-policies': [
    'ppl --ctx 128 --policy adaptive,local,strided,streaming --sparsity 0.5 --limit 512 -o one.json',
    'ppl --ctx 128 --policy h2o,tova,knorm,expected,random --sparsity 0.5 --limit 512 -o two.json',
    'ppl --ctx 128 --policy local,h2o --size 16,48 --limit 512 -o size.json',
    'ppl --ctx 128 --shift 0,-0.4,1 --limit 512 -o shift.json',
  ],
  sweep: [
    RESUMED_SWEEP,
    { cut: 'sweep.sweep/adaptive-0.5.samples.winogrande.jsonl', share: 0.5 },
    RESUMED_SWEEP,
  ],
  'sweep-bench': [`${SWEEP} --policy adaptive,local -r 2 -o sweep.json`],
  'sweep-plan': [`${SWEEP} --policy adaptive,local --dry-run --json`],
  'generate-greedy': [
    `${PROMPTS} --sparsity 0.5 --max-tokens 32 --trace trace.jsonl -o run.json`,
    `${PROMPTS} --shift -0.8 --max-tokens 16 --show-drops`,
  ],
  'generate-sampled': [
    `${PROMPTS} --temperature 0.8 --top-k 40 --seed 7 --n 3 --batch 4 --max-tokens 24 --stop . -o run.json`,
    `${PROMPTS} --top-p 0.9 --seed 11 --max-tokens 24 --output-format jsonl`,
  ],
  'generate-caches': ['slots', 'mask'].flatMap((cache) => [
    `${PROMPTS} --cache ${cache} --shift -0.5 --max-tokens 24 -o ${cache}.json`,
    `${PROMPTS} --cache ${cache} --cache-dtype f16 --policy h2o --sparsity 0.5 --max-tokens 24 --json`,
  ]),
  drops: [
    `drops ${TEXT} --limit 64 --sparsity 0.5 -o text.json`,
    `drops ${TEXT} --limit 48 --json`,
    'drops piqa:0 --data sample --layer 2 -o item.html',
    `drops ${TEXT} --limit 48 --policy local --sparsity 0.5 -o local.svg`,
  ],
  'drops-stats': [
    'drops stats --ctx 64 --limit 1024 --sparsity 0.5 -o one.json',
    `drops stats ${TEXT} --ctx 64 --limit 512 -m asp-tiny -m asp-recall --layer 0 --json`,
    `drops stats ${TEXT} --ctx 64 --limit 512 --policy local --sparsity 0.5 --age 4 -o local.html`,
  ],
  compare: [
    evaluate('hellaswag piqa', '--policy dense -o dense.json'),
    evaluate('hellaswag piqa', '--sparsity 0.8 -o pruned.json'),
    'compare dense.json pruned.json --data sample --junit junit.xml',
    'compare dense.json pruned.json dense.json --json --margin acc=0.02 --strict',
    'compare pruned.json dense.json --markdown --metrics acc,logprob --flips 3',
    'ppl --ctx 64 --policy dense --limit 1024 -o ppl-dense.json',
    'ppl --ctx 64 --sparsity 0.8 --limit 1024 -o ppl-pruned.json',
    'compare ppl-dense.json ppl-pruned.json --json',
    'compare dense.json ppl-pruned.json',
  ],
  finetune: [
    `${TRAIN} --gamma 1 --steps 5 --save-every 2 --eval-every 2 --shift-range -1..1 --out out`,
    evaluate('piqa', '--model ./out -s -o run.json'),
  ],
  'finetune-resumed': [`${RESUMED_TRAINING} --steps 3`, `${RESUMED_TRAINING} --steps 5 --resume`],
  'finetune-others': [
    `${CONTROL} --control local:16 --steps 2 --out local --json`,
    `${TRAIN} --gamma 0.1,1 --steps 2 --distill 0.5 --freeze --rate-schedule cosine --out two`,
  ],
  train: ['train --config ../inputs/train.json'],
  report: [
    evaluate('hellaswag piqa', '--policy h2o --sparsity 0.5 -o records/h2o.json'),
    evaluate('hellaswag piqa', '--sparsity 0.5 -o records/adaptive.json'),
    'ppl --ctx 64,128 --sparsity 0,0.5,0.8 --limit 512 -o records/ppl.json',
    `${SWEEP} --policy adaptive,h2o --parts eval,ppl -o records/sweep.json`,
    `${TRAIN} --steps 2 --out records/trained`,
    'report records --text',
    'report records -o report.html --title Records --json',
  ],
  bench: [
    'bench --ctx 64 -n 8 -r 2 --batch 2 --policy adaptive,h2o --sparsity 0.5 --max-time 600 -o run.json',
    'bench --model random:64x1 -p 32 -n 8 -r 2 --cache paged,mask --output-format csv -o random.json',
  ],
}

/** Bundled samples under names that are the same wherever the checkout lies. */
export function writeInputs(checkout: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  const sample = (name: string) => readFileSync(join(checkout, 'suites/samples', name), 'utf8')
  const books = sample('books.jsonl').trim().split('\n')
  const [first] = books.map((line) => (JSON.parse(line) as { text: string }).text)
  const prompts = ['Once upon a time', 'The king said, "', first.slice(0, 400)]
  const train = {
    model: { layers: 1, width: 64, positions: 64, tokenizer: 'asp-tiny' },
    ...{
      data: '../inputs/text.txt',
      out: 'out',
      steps: 6,
      ctx: 32,
      batch_tokens: 128,
      rate: 0.003,
      warmup: 1,
    },
    ...{ eval_every: 3, save_every: 3, held_out: 4 },
  }
  const lines = prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`)
  writeFileSync(join(folder, 'prompts.jsonl'), lines.join(''))
  writeFileSync(join(folder, 'hellaswag.jsonl'), sample('hellaswag.jsonl'))
  writeFileSync(join(folder, 'text.txt'), first.slice(0, 24_000))
  writeFileSync(join(folder, 'train.json'), JSON.stringify(train))
}
