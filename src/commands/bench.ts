/** `asp bench`: how fast and how large decoding is, dense and pruned side by side. */
import { Flags } from '@oclif/core'
import { bench } from '../bench/bench.js'
import type { Batch } from '../bench/configurations.js'
import type { BenchEvent, WorkEvent } from '../bench/phases.js'
import type { BenchOptions } from '../bench/prepare.js'
import { attended, endInterrupted } from '../cli/attended.js'
import { AspCommand, asNumber, deviceFlags, quietFlag, recordFlag } from '../cli/base-command.js'
import type { Progress } from '../cli/progress.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import { parseNumbers, parseRange, parseWords } from '../data/ranges.js'
import { CACHE_KINDS } from '../engine/decode/types.js'
import { DTYPE_NAMES, SCORING_POLICY_NAMES } from '../pruning/policy.js'
import type { BenchRecord } from '../record/bench/schema.js'
import { formatRecord } from '../record/io/store.js'
import { benchCsv, benchJsonLines } from '../report/bench-rows.js'
import { renderBench, renderBenchMarkdown } from '../report/bench-table.js'
import { formatSeconds } from '../report/format.js'

const CACHE_DTYPES = ['f32', 'f16'] as const

const RENDER = {
  table: (record: BenchRecord) => renderBench(record, { width: process.stdout.columns }),
  json: (record: BenchRecord) => formatRecord(record).trimEnd(),
  jsonl: benchJsonLines,
  csv: benchCsv,
  md: renderBenchMarkdown,
} as const
type OutputFormat = keyof typeof RENDER
const FORMATS = Object.keys(RENDER) as OutputFormat[]

export default class Bench extends AspCommand {
  static override summary = 'Measure speed and memory of decoding, pruned next to dense'
  static override description =
    "Tests are named as llama-bench names them: pp512 is a prompt of 512 tokens, tg128 generates 128, '@ d512' says that " +
    '512 tokens are in the cache before the clock starts. --ctx 1024 stands for pp1024, tg128 @ d896 and a curve of latency ' +
    'and memory, token by token, up to 1,024. Lists are written 128,256 and ranges 128-1024*2 or 128-512+128; every ' +
    'combination of the lists is measured, round by round in changing order.'
  static override examples = [
    '<%= config.bin %> bench --ctx 1024',
    '<%= config.bin %> bench --ctx 1024 --sparsity 0,0.5,0.8 --batch 1,8,32',
    '<%= config.bin %> bench -p 512 -n 128 -d 0,512 --output-format md',
    '<%= config.bin %> bench --model random:gpt2-medium --dtype f16 --batch max',
  ]
  static override flags = {
    model: Flags.string({
      description: 'folder, bundled name, Hub id, or random:gpt2, random:gpt2-xl, random:<width>x<layers>',
      char: 'm',
    }),
    revision: Flags.string({ description: 'branch, tag or commit of a Hub model' }),
    ctx: Flags.string({ description: 'context lengths: prompt, generation and curve up to each' }),
    prompt: Flags.string({ description: 'prompt lengths (default: 512)', char: 'p' }),
    gen: Flags.string({ description: 'tokens generated (default: 128)', char: 'n' }),
    depth: Flags.string({ description: 'tokens in the cache beforehand (default: 0)', char: 'd' }),
    pg: Flags.string({
      description: 'a prompt and what is generated after it, timed as one; may be given again',
      helpValue: 'pp,tg',
      multiple: true,
      multipleNonGreedy: true,
    }),
    policy: Flags.string({
      description: `policies: ${SCORING_POLICY_NAMES.join(', ')} (default: what the model can do)`,
    }),
    sparsity: Flags.string({
      description:
        "shares of context to remove (default: the checkpoint's own threshold; 0.8 for random weights)",
      helpValue: '0,0.5,0.8',
    }),
    batch: Flags.string({
      description: 'sequences at a time, or max for the largest number that fits',
      char: 'b',
      default: '1',
    }),
    dtype: Flags.string({ description: `weights: ${DTYPE_NAMES.join(', ')}`, default: 'auto' }),
    cache: Flags.string({ description: `caches: ${CACHE_KINDS.join(', ')}`, default: 'paged' }),
    'cache-dtype': Flags.string({
      description: `keys and values: ${CACHE_DTYPES.join(', ')}`,
      default: 'f32',
    }),
    baseline: Flags.boolean({
      description: 'measure dense as well, next to each pruned configuration',
      default: true,
      allowNo: true,
    }),
    data: Flags.string({ description: 'text file to take prompts from, "sample" or "random"' }),
    calibrate: Flags.boolean({
      description: 'measure noise: every configuration twice a round, as if it were two (see asp compare)',
    }),
    repetitions: Flags.integer({
      description: 'rounds (default: 5, or as many as --max-time allows)',
      char: 'r',
    }),
    'max-time': Flags.string({
      description: 'seconds the run should take (default: 230, no limit with --repetitions)',
    }),
    warmup: Flags.boolean({ description: 'run everything once untimed first', default: true, allowNo: true }),
    delay: Flags.string({ description: 'seconds to wait before each test', default: '0' }),
    curve: Flags.boolean({
      description: 'latency and memory token by token (default: with --ctx)',
      allowNo: true,
    }),
    'curve-step': Flags.integer({ description: 'tokens of a submission of the curve', default: 1 }),
    stages: Flags.boolean({ description: 'split the cost by stage', default: true, allowNo: true }),
    'steps-per-submission': Flags.integer({
      description: 'tokens generated between two looks at the host',
      default: 16,
    }),
    chunk: Flags.integer({ description: 'rows of a prompt at a time (default: what suits the adapter)' }),
    ...deviceFlags,
    tuning: tuningFlag,
    seed: Flags.integer({
      description: 'seed of random weights and tokens and of calibration',
      default: 1234,
    }),
    'output-format': Flags.option({
      description: 'what is printed',
      options: FORMATS,
      default: 'table' as const,
    })(),
    output: recordFlag,
    quiet: quietFlag,
  }

  async run(): Promise<BenchRecord> {
    const { flags } = await this.parse(Bench)
    return attended(flags, async ({ progress, signal, orStop, note, onFetch, onRunning }) => {
      const shown = showProgress(progress)
      let tuning = false
      progress.start('Reading checkpoint and text')
      const { record, path } = await bench(optionsOf(flags), {
        orStop,
        signal,
        openDevice: async () =>
          tunedDevice(await this.openDevice(flags, signal), flags.tuning, {
            signal,
            onProgress: (done, total) => {
              if (!tuning) progress.start('Timing kernels', total, 'kernels')
              tuning = true
              progress.update(done)
            },
            onTuned: () => (tuning ? progress.succeed() : undefined),
          }),
        onPrepared: () => progress.stop(),
        onRunning: () => onRunning('the work in flight'),
        onEvent: shown.onEvent,
        onFetch,
      })
      if (record.status === 'complete') shown.finish()
      progress.stop()
      this.log(RENDER[flags['output-format']](record))
      // Standard output is for the format alone when a program reads it.
      if (flags['output-format'] === 'table') this.log(`\nRecord: ${path}`)
      else note(`Record: ${path}`)
      if (record.status === 'incomplete') endInterrupted(`: what was measured until then is in ${path}`)
      return record
    })
  }
}

interface BenchFlags {
  model?: string
  revision?: string
  ctx?: string
  prompt?: string
  gen?: string
  depth?: string
  pg?: string[]
  policy?: string
  sparsity?: string
  batch: string
  dtype: string
  cache: string
  'cache-dtype': string
  baseline: boolean
  calibrate: boolean
  data?: string
  repetitions?: number
  'max-time'?: string
  warmup: boolean
  delay: string
  curve?: boolean
  'curve-step': number
  stages: boolean
  'steps-per-submission': number
  chunk?: number
  seed: number
  output?: string
}

function optionsOf(flags: BenchFlags): BenchOptions & { output?: string } {
  const { ctx, prompt, gen, depth, pg, curve } = flags
  return {
    model: flags.model,
    revision: flags.revision,
    data: flags.data,
    seed: flags.seed,
    tests: { ctx, prompt, gen, depth, promptGen: pg, curve },
    policies:
      flags.policy === undefined ? undefined : parseWords('--policy', flags.policy, SCORING_POLICY_NAMES),
    sparsities: flags.sparsity === undefined ? undefined : parseNumbers('--sparsity', flags.sparsity),
    batches: batchesOf(flags.batch),
    dtypes: parseWords('--dtype', flags.dtype, DTYPE_NAMES),
    caches: parseWords('--cache', flags.cache, CACHE_KINDS),
    cacheDtypes: parseWords('--cache-dtype', flags['cache-dtype'], CACHE_DTYPES),
    baseline: flags.baseline,
    calibrate: flags.calibrate,
    repetitions: flags.repetitions,
    maxTime: asNumber('--max-time', flags['max-time']),
    warmUp: flags.warmup,
    delay: asNumber('--delay', flags.delay) ?? 0,
    chunk: flags.chunk,
    stepsPerSubmission: flags['steps-per-submission'],
    curveStep: flags['curve-step'],
    stages: flags.stages,
    output: flags.output,
    command: ['asp', ...process.argv.slice(2)],
  }
}

function batchesOf(text: string): Batch[] {
  const parts = text.split(',').map((part) => part.trim())
  const numbers = parts.filter((part) => part !== 'max')
  const batches: Batch[] = numbers.length === 0 ? [] : parseRange('--batch', numbers.join(','))
  return numbers.length === parts.length ? batches : [...batches, 'max']
}

const LABELS: Record<WorkEvent['stage'], string> = {
  fit: 'Finding the largest batch',
  'warm-up': 'Warming up',
  measure: 'Measuring',
  curve: 'Following the context',
  split: 'Splitting the cost by stage',
}

/** A task a stage; `finish` ends the last with a line that stays. */
function showProgress(progress: Progress): { onEvent: (event: BenchEvent) => void; finish: () => void } {
  let shown = ''
  let began = 0
  const finish = (): void => {
    if (shown !== '') progress.succeed(`${shown}: ${formatSeconds((performance.now() - began) / 1000)}`)
  }
  return {
    finish,
    onEvent(event) {
      const label = labelOf(event)
      if (label !== shown) {
        finish()
        shown = label
        began = performance.now()
        if (event.stage === 'load') progress.start(label, event.total, 'tensors')
        else progress.start(label, undefined, 'evaluations')
      }
      if (event.stage === 'load') progress.update(event.done)
      else if (event.stage === 'calibrate') {
        const { evaluations, ctx, sparsity, found } = event
        progress.update(evaluations, `ctx ${ctx}, sparsity ${found.toFixed(3)} of ${sparsity}`)
      } else progress.update(0, workText(event))
    },
  }
}

function labelOf(event: BenchEvent): string {
  if (event.stage === 'load') return `Loading ${event.dtype} weights`
  return event.stage === 'calibrate' ? 'Calibrating the drop threshold' : LABELS[event.stage]
}

/** `round 2 of 5, 3 of 8: adaptive 0.8, batch 8, ..., 1 min 20 s left`. */
function workText({ cell, done, total, round, rounds, left }: WorkEvent): string {
  const turn = round === undefined ? [] : [`round ${round + 1} of ${rounds}`]
  const rest = left === null ? [] : [`about ${formatSeconds(left)} left`]
  return [...turn, `${done} of ${total}`, cell, ...rest].join(', ')
}
