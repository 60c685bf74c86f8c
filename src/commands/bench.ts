/** `asp bench`: how fast and how large decoding is, dense and pruned side by side. */
import { Flags, type Interfaces } from '@oclif/core'
import { type BenchRunOptions, bench } from '../bench/bench.js'
import { type PromptGen, parsePromptGen } from '../bench/tests.js'
import { attended, endInterrupted } from '../cli/attended.js'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { number, range, read, usually, whole } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import type { BenchRecord } from '../record/bench/schema.js'
import { benchCsv, benchJsonLines } from '../report/bench-rows.js'
import { renderBench } from '../report/bench-table.js'

/** For programs: every figure in full. */
const ROWS: Readonly<Record<string, (record: BenchRecord) => string>> = {
  jsonl: benchJsonLines,
  csv: benchCsv,
}

export default class Bench extends AspCommand {
  static override summary = 'Measure speed and memory of decoding, pruned next to dense'
  static override description =
    "Tests are named as llama-bench names them: pp512 is a prompt of 512 tokens, tg128 generates 128, '@ d512' says that " +
    '512 tokens are in the cache before the clock starts. --ctx 1024 stands for pp1024, tg128 @ d896 and a curve of latency ' +
    'and memory, token by token, up to 1,024. Lists are written 128,256 and ranges 128-1024*2 or 128-512+128; every ' +
    'combination of the lists is measured, round by round in changing order. --model random:gpt2, random:gpt2-xl or ' +
    'random:<width>x<layers> has random weights of that size, which prune 0.8 and read random tokens by default. With ' +
    '--batch-size max the largest number that fits is found; --noise measures the noise floor for asp compare.'
  static override examples = together([
    '<%= config.bin %> bench --ctx 1024',
    '<%= config.bin %> bench --ctx 1024 --sparsity 0,0.5,0.8 --batch-size 1,8,32',
    '<%= config.bin %> bench -p 512 -n 128 -d 0,512 --output-format md',
    '<%= config.bin %> bench --model random:gpt2-medium --dtype f16 --batch-size max',
  ])
  static override flags = {
    ctx: shared.ctxs({ least: 2 }),
    prompt: range({ summary: 'prompt lengths', char: 'p', least: 0, ...usually('512') }),
    gen: range({ summary: 'tokens to generate', char: 'n', least: 0, ...usually('128') }),
    depth: range({ summary: 'tokens already in the cache', char: 'd', least: 0, ...usually('0') }),
    pg: Flags.custom<PromptGen>({ parse: read<PromptGen>(parsePromptGen) })({
      summary: 'prompt and generation timed as one; repeatable',
      helpValue: 'pp,tg',
      multiple: true,
      multipleNonGreedy: true,
    }),
    text: shared.textSource({
      helpValue: '<file>|random',
      ...usually('sample'),
      aliases: ['data'],
      deprecateAliases: true,
    }),
    'batch-size': shared.batchSizes({ default: [1], aliases: ['batch'], deprecateAliases: true }),
    cache: shared.caches,
    'cache-dtype': shared.cacheDtypes,
    chunk: whole({ summary: 'rows of a prompt at a time', ...usually('by adapter') }),
    'steps-per-submission': whole({ summary: 'tokens per submission', default: 16 }),
    repetitions: shared.repetitions(usually('5, or by --max-time')),
    'max-time': number({
      summary: 'seconds the run should take',
      ...usually('230, without -r'),
    }),
    delay: number({ summary: 'seconds to wait before each test', default: 0 }),
    warmup: Flags.boolean({ summary: 'run everything once untimed first', default: true, allowNo: true }),
    baseline: Flags.boolean({
      summary: 'measure dense next to each configuration',
      default: true,
      allowNo: true,
    }),
    stages: Flags.boolean({ summary: 'split the cost by stage', default: true, allowNo: true }),
    curve: Flags.boolean({ summary: 'latency and memory by token (as with --ctx)', allowNo: true }),
    'curve-step': whole({ summary: 'tokens per submission of the curve', default: 1 }),
    noise: Flags.boolean({
      aliases: ['calibrate'],
      deprecateAliases: true,
      summary: 'measure noise: everything twice per round',
    }),
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    policy: shared.policies({ helpValue: 'adaptive,local', ...usually('by model') }),
    sparsity: shared.sparsities(usually("the checkpoint's own")),
    shift: shared.shifts({ helpValue: '0,-0.4' }),
    size: shared.sizes({ helpValue: '64,109' }),
    ...shared.modelFlags,
    dtype: shared.dtypes,
    tuning: tuningFlag,
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.outputFormat([...shared.TABLE_FORMS, 'jsonl'])({ default: 'table' }),
    quiet: shared.quiet,
  }

  async run(): Promise<BenchRecord> {
    const { flags } = await this.parse(Bench)
    return attended(flags, async (watch) => {
      const { progress, signal } = watch
      let tuning = false
      progress.start('Reading checkpoint and text')
      const { record, path } = await bench(optionsOf(flags), {
        ...this.runHooks(watch, flags, 'the work in flight'),
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
      })
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      const form = flags['output-format']
      const text = ROWS[form]?.(record) ?? renderBench(record, this.sheetOptions(form))
      this.logTables(text, form, watch, [`Record: ${path}`])
      if (record.status === 'incomplete') endInterrupted(`: what was measured until then is in ${path}`)
      return record
    })
  }
}

function optionsOf(flags: Interfaces.InferredFlags<typeof Bench.flags>): BenchRunOptions {
  const { ctx, prompt, gen, depth, pg, curve, text, cache, chunk, repetitions, delay, warmup } = flags
  const { baseline, stages, noise, seed, policy, sparsity, shift, size } = flags
  const { model, revision, dtype, output, overwrite } = flags
  return {
    model,
    revision,
    data: text,
    seed,
    tests: { ctx, prompt, gen, depth, promptGen: pg, curve },
    policies: policy,
    sparsities: sparsity,
    shifts: shift,
    sizes: size,
    batches: flags['batch-size'],
    dtypes: dtype,
    caches: cache,
    cacheDtypes: flags['cache-dtype'],
    baseline,
    calibrate: noise,
    repetitions,
    maxTime: flags['max-time'],
    warmUp: warmup,
    delay,
    chunk,
    stepsPerSubmission: flags['steps-per-submission'],
    curveStep: flags['curve-step'],
    stages,
    output,
    overwrite,
    command: commandLine(),
  }
}
