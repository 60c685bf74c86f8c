/** `asp generate`: texts from prompts, as they come, with what was dropped on the way. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { attended } from '../cli/attended.js'
import { AspCommand, commandLine, runDevice, together } from '../cli/base-command.js'
import { number, usually, whole } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { EXIT } from '../errors.js'
import { type FileOptions, generate } from '../generate/generate.js'
import type { GenerateOptions } from '../generate/options.js'
import type { PromptSource } from '../generate/prompts.js'
import type { GenerateRecord } from '../record/generate/schema.js'
import { closingLine } from '../report/generate.js'
import { terminalShading } from '../report/generate-drops.js'
import { chooseView, type Terminal, type View } from '../report/generate-views.js'

const FORMATS = ['text', 'jsonl'] as const

export default class Generate extends AspCommand {
  static override summary = 'Continue a prompt, with context pruned as it goes'
  static override description =
    'A prompt is an argument, standard input, or a line of --file (of .jsonl: rows {"prompt": ...}). One text appears as it is generated; several are printed whole, ' +
    'in order. Up to --batch-size texts run at a time; no text depends on it. Without a temperature, a ' +
    'seed, --top-k, --top-p or --n the likeliest token is taken; with --n the first text has --seed and each further one the next.'
  static override examples = together([
    "<%= config.bin %> generate 'Once upon a time' --sparsity 0.8",
    "<%= config.bin %> generate 'Once upon a time' --show-drops --trace drops.jsonl",
    "<%= config.bin %> generate 'Once upon a time' --top-p 0.9 --n 4 --seed 7",
    'cat story.txt | <%= config.bin %> generate --max-tokens 64 --stop .',
    '<%= config.bin %> generate --file prompts.jsonl --batch-size 16 --output-format jsonl > texts.jsonl',
  ])
  static override args = {
    prompt: Args.string({
      description: 'what the text begins with; - reads standard input',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    file: Flags.string({
      summary: 'prompts: one per line, or .jsonl; - for standard input',
      helpValue: '<file>',
      charAliases: ['f'],
      deprecateAliases: true,
    }),
    'max-tokens': whole({ summary: 'most new tokens per text', default: 128 }),
    temperature: number({
      summary: '0 takes the likeliest token',
      char: 't',
      ...usually('0, or 1 to draw'),
    }),
    'top-k': whole({ summary: 'draw from the k likeliest tokens', ...usually('no limit') }),
    'top-p': number({
      summary: 'draw from the likeliest that add up to this probability',
      ...usually('1'),
    }),
    seed: shared.seed(),
    n: whole({ summary: 'texts per prompt', default: 1 }),
    stop: Flags.string({
      summary: 'stop string, not printed; repeatable',
      helpValue: '<text>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ignore-eos': Flags.boolean({ summary: "continue after the model's end token", default: false }),
    echo: Flags.boolean({ summary: 'print the prompt before its text', default: true, allowNo: true }),
    'show-drops': Flags.boolean({ summary: 'fade tokens as layers drop them' }),
    layer: shared.layer,
    'batch-size': shared.batchSize({
      ...usually('all, up to 8'),
      aliases: ['batch'],
      deprecateAliases: true,
    }),
    cache: shared.cache,
    'cache-dtype': shared.cacheDtype,
    ...shared.levelFlags,
    ...shared.modelFlags,
    output: shared.output(usually('none')),
    overwrite: shared.overwrite,
    'output-format': shared.outputFormat(FORMATS)({ default: 'text' }),
    trace: Flags.string({
      summary: 'file of what was dropped when, where and by what',
      helpGroup: 'output',
      helpValue: '<file.jsonl>',
    }),
    quiet: shared.quiet,
  }

  async run(): Promise<GenerateRecord> {
    const { args, flags } = await this.parse(Generate)
    const closed = new AbortController()
    // A reader that has seen enough, such as head, ends the work; so does a full disk.
    const onError = (): void => closed.abort()
    process.stdout.on('error', onError)
    const work = attended({ quiet: flags.quiet, nothing: 'nothing was generated yet' }, async (watch) => {
      const { progress, note } = watch
      const shown: { view: View | null } = { view: null }
      progress.start('Reading prompts and checkpoint')
      const { record, path } = await generate(optionsOf(flags), sourceOf(args.prompt, flags.file), {
        ...this.runHooks(watch, flags, ''),
        signal: AbortSignal.any([watch.signal, closed.signal]),
        openDevice: async () => runDevice(await this.openDevice(flags)),
        begin: ({ jobs, notes }) => {
          for (const text of notes) note(`note: ${text}`)
          if (this.jsonEnabled()) return {}
          const choice = {
            format: flags['output-format'],
            prompts: jobs.map(({ text }) => text),
            n: flags.n,
            echo: flags.echo,
            drops: flags['show-drops'],
            tty: process.stdout.isTTY === true,
          }
          shown.view = chooseView(choice, terminalOf(process), (text) => {
            progress.stop()
            if (!closed.signal.aborted) process.stdout.write(text)
          })
          return shown.view
        },
        onStart: () => progress.stop(),
        // Text that comes bit by bit is progress enough, and a line on standard error would break it up.
        onTokens: (tokens) => {
          if (shown.view?.onText !== undefined || shown.view?.onDrops !== undefined) return
          watch.onProgress({ task: 'Generating', done: tokens, unit: 'tokens' })
        },
      })
      progress.stop()
      shown.view?.close()
      if (shown.view?.legend !== undefined) note(shown.view.legend(flags.layer))
      note(closingLine(record))
      if (path !== null) note(`Record: ${path}`)
      if (flags.trace !== undefined) note(`Trace: ${flags.trace}`)
      if (watch.signal.aborted && record.status === 'incomplete') process.exitCode = EXIT.interrupted
      return record
    })
    return work.finally(() => process.stdout.off('error', onError))
  }
}

function optionsOf(flags: Interfaces.InferredFlags<typeof Generate.flags>): GenerateOptions & FileOptions {
  const { temperature, seed, n, stop = [], layer, trace, cache, output, overwrite } = flags
  const { model, revision, dtype, policy, sparsity, shift, size } = flags
  return {
    model,
    revision,
    dtype,
    policy,
    sparsity,
    shift,
    size,
    cache,
    cacheDtype: flags['cache-dtype'],
    maxTokens: flags['max-tokens'],
    temperature,
    topK: flags['top-k'],
    topP: flags['top-p'],
    seed,
    n,
    batch: flags['batch-size'],
    stops: stop,
    ignoreEos: flags['ignore-eos'],
    showDrops: flags['show-drops'],
    layer,
    trace: trace !== undefined,
    traceFile: trace,
    output,
    overwrite,
    command: commandLine(),
  }
}

function sourceOf(prompt: string | undefined, file: string | undefined): PromptSource {
  return { prompt, file, stdin: process.stdin.isTTY ? null : process.stdin }
}

/** What standard output can show; null when no person looks at it. */
function terminalOf({ stdout, env }: NodeJS.Process): Terminal | null {
  if (!stdout.isTTY || env.TERM === 'dumb') return null
  return {
    shading: terminalShading(env.NO_COLOR, env.COLORFGBG),
    screen: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  }
}
