/** The commands that are hurt: each small enough for a second or two, in a folder of its own two below that of `inputs`. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEVICE, hubEnvironment, type Workshop } from './workshop.js'

export interface Target {
  name: string
  argv: readonly string[]
  /** What is added when the command is given again, so that it goes on with or replaces what is there. */
  again: readonly string[]
  /** Whether it answers signals itself once it has begun: exit code 130, and a line that says what is kept. */
  answers: boolean
  /** Places that may differ from those of a run left alone, beyond times and speed. */
  mayDiffer: RegExp
  prepare?: (folder: string, workshop: Workshop) => void
  environment?: (folder: string, workshop: Workshop) => NodeJS.ProcessEnv
  /** Requests or steps that the folder's files say are done. */
  saved?: (folder: string) => number
  /** How many of them the run after it says that it goes on from. */
  resumed?: (stderr: string) => number
}

/**
 * The command as it was typed has --resume or --overwrite in it; a run that finds a part done measures less time and memory. How much a
 * generation allocates ahead follows its pace, and so the load of the machine.
 */
const RUN = /\/(command|timing|memory|cache\/allocated_bytes)\b/

const TEXT = '../../inputs/text.txt'
const EVAL = 'eval winogrande --data sample --limit 40 --shift -0.5 --batch-tokens 64 -o run.json'
const SWEEP = 'sweep winogrande --data sample --limit 8 --sparsity 0,0.5 --ctx 32 --text-limit 128'
const FINETUNE = `finetune --model ../../inputs/tiny --data ${TEXT} --ctx 32 --batch-tokens 64 --held-out 2 --rate 1e-3`

function computes(name: string, line: string, again: readonly string[], rest: Partial<Target> = {}): Target {
  return { name, argv: [...line.split(' '), ...DEVICE], again, answers: true, mayDiffer: RUN, ...rest }
}

function plain(name: string, line: string, rest: Partial<Target>): Target {
  return { name, argv: line.split(' '), again: [], answers: false, mayDiffer: RUN, ...rest }
}

/** Lines of whole documents: winogrande has two requests a document. */
const scored = (folder: string): number => {
  const log = join(folder, 'run.samples.winogrande.jsonl')
  // Without a record nobody was told of anything.
  if (!existsSync(join(folder, 'run.json')) || !existsSync(log)) return 0
  const whole = readFileSync(log, 'utf8').split('\n').length - 1
  return whole - (whole % 2)
}

const lastStep = (folder: string): number => {
  const states = join(folder, 'out/checkpoints')
  const names = existsSync(states) ? readdirSync(states) : []
  return Math.max(0, ...names.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)))
}

const numberIn =
  (pattern: RegExp) =>
  (text: string): number =>
    Number(pattern.exec(text)?.[1] ?? 0)

const TRAINING: Partial<Target> = {
  saved: lastStep,
  resumed: numberIn(/(?:resuming after step|all) (\d+)/),
  // Its model card has the command too.
  mayDiffer: /\/(command|seconds|timing|memory)\b|README\.md#\/ {4}asp /,
}

const CACHE: Partial<Target> = {
  prepare: (folder, { cache }) =>
    cpSync(cache, join(folder, 'cache'), { recursive: true, verbatimSymlinks: true }),
  environment: (folder, { hub }) => hubEnvironment(join(folder, 'cache'), hub),
}

export const TARGETS: readonly Target[] = [
  computes('eval', `${EVAL} --resume`, [], {
    saved: scored,
    resumed: numberIn(/^resuming: (\d+) requests/m),
  }),
  computes('eval-anew', `${EVAL} --log-samples`, ['--overwrite']),
  computes(
    'eval of a model from the Hub',
    `${EVAL.replace('--shift -0.5', '--shift -0.5 --model someone/tiny')} --resume`,
    [],
    {
      environment: CACHE.environment,
      saved: scored,
      resumed: numberIn(/^resuming: (\d+) requests/m),
    },
  ),
  computes('ppl', 'ppl --ctx 32,64 --sparsity 0,0.5 --limit 256 -o run.json', ['--overwrite']),
  computes(
    'generate',
    'generate --file ../../inputs/prompts.jsonl --max-tokens 48 --ignore-eos --trace trace.jsonl -o run.json',
    ['--overwrite'],
  ),
  computes('sweep', `${SWEEP} --policy adaptive,h2o --parts eval,ppl --resume -o sweep.json`, []),
  computes('drops stats', `drops stats ${TEXT} --ctx 64 --limit 512 --sparsity 0.5 -o run.json`, [
    '--overwrite',
  ]),
  computes('drops', `drops ${TEXT} --limit 48 --sparsity 0.5 -o page.html`, []),
  computes('bench', 'bench --model random:64x1 -p 32 -n 8 -r 3 -o run.json', ['--overwrite']),
  computes(
    'finetune',
    `${FINETUNE} --steps 4 --save-every 1 --eval-every 2 --output out`,
    ['--resume'],
    TRAINING,
  ),
  computes('train', 'train --config ../../inputs/train.json', ['--resume'], TRAINING),
  plain('merge', 'merge ../../inputs/records/one.json ../../inputs/records/two.json -o run.json', {
    again: ['--overwrite'],
    answers: true,
  }),
  plain('report', 'report ../../inputs/records -o report.html', {}),
  plain('fetch', 'fetch someone/tiny', { environment: CACHE.environment }),
  plain('cache clear', 'cache clear --yes', CACHE),
]
