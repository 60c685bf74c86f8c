/** `asp generate`: texts from prompts, as they come, with what was dropped on the way. */
import { Args, Flags } from '@oclif/core'
import { attended } from '../cli/attended.js'
import { AspCommand, asNumber, modelFlags, runDevice } from '../cli/base-command.js'
import { CACHE_KINDS } from '../engine/decode/types.js'
import { EXIT } from '../errors.js'
import { type FileOptions, generate } from '../generate/generate.js'
import type { GenerateOptions } from '../generate/options.js'
import type { PromptSource } from '../generate/prompts.js'
import { type DTYPE_NAMES, SCORING_POLICY_NAMES } from '../pruning/policy.js'
import type { GenerateRecord } from '../record/generate/schema.js'
import { formatCount } from '../report/format.js'
import { closingLine } from '../report/generate.js'
import { terminalShading } from '../report/generate-drops.js'
import { chooseView, type Terminal, type View } from '../report/generate-views.js'

const FORMATS = ['text', 'jsonl'] as const

export default class Generate extends AspCommand {
  static override summary = 'Write on from a prompt, with context pruned as it goes'
  static override description =
    'A prompt is an argument, standard input, or a line of --file. One text appears as it comes; several are printed whole, ' +
    'in order. Texts share the device --batch at a time, and each is the same whatever it shares it with.'
  static override examples = [
    "<%= config.bin %> generate 'Once upon a time' --sparsity 0.8",
    "<%= config.bin %> generate 'Once upon a time' --show-drops --trace drops.jsonl",
    "<%= config.bin %> generate 'Once upon a time' --top-p 0.9 --n 4 --seed 7",
    'cat story.txt | <%= config.bin %> generate --max-tokens 64 --stop .',
    '<%= config.bin %> generate --file prompts.jsonl --batch 16 --output-format jsonl > texts.jsonl',
  ]
  static override args = {
    prompt: Args.string({
      description: 'what the text begins with; - reads standard input',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    file: Flags.string({
      description: 'prompts: one a line, or rows {"prompt": ...} as .jsonl; - for standard input',
      char: 'f',
    }),
    'max-tokens': Flags.integer({ description: 'new tokens of a text at most', default: 128 }),
    temperature: Flags.string({
      description: '0 takes the likeliest token (default: 0, or 1 with --top-k, --top-p, --seed or --n)',
      char: 't',
    }),
    'top-k': Flags.integer({ description: 'draw from the k likeliest tokens; 0 is no limit' }),
    'top-p': Flags.string({
      description: 'draw from the likeliest tokens that have this probability together',
    }),
    seed: Flags.integer({
      description: 'seed of the draws of the first text; each further one has the next',
    }),
    n: Flags.integer({ description: 'texts of each prompt', default: 1 }),
    stop: Flags.string({
      description: 'text that ends a text and is left out of it; may be given again',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ignore-eos': Flags.boolean({ description: "go on after the model's end token" }),
    echo: Flags.boolean({ description: 'print the prompt before its text', default: true, allowNo: true }),
    'show-drops': Flags.boolean({ description: 'fade tokens as layers drop them' }),
    layer: Flags.integer({ description: 'show the drops of this layer alone, from 0' }),
    trace: Flags.string({
      description: 'file for who was dropped when, by which token, in which layer',
      helpValue: 'drops.jsonl',
    }),
    policy: Flags.option({
      description: 'what decides which tokens are dropped',
      options: SCORING_POLICY_NAMES,
    })(),
    sparsity: Flags.string({
      description: 'share of context to remove, at least 0 and below 1',
      helpValue: '0.8',
    }),
    shift: Flags.string({
      description: 'threshold shift to use instead of searching the one for --sparsity',
    }),
    cache: Flags.option({
      description: 'how keys and values are kept',
      options: CACHE_KINDS,
      default: 'paged' as const,
    })(),
    'cache-dtype': Flags.option({
      description: 'numbers that keys and values are kept in',
      options: ['f32', 'f16'] as const,
      default: 'f32' as const,
    })(),
    batch: Flags.integer({
      description: 'texts at a time (default: all, up to 8); one that ends makes room for the next',
      char: 'b',
    }),
    ...modelFlags,
    'output-format': Flags.option({
      description: 'what is printed: the texts, or a line of JSON each',
      options: FORMATS,
      default: 'text' as const,
    })(),
    output: Flags.string({ description: 'record file (.json) or its folder (default: none)', char: 'o' }),
    quiet: Flags.boolean({ description: 'no progress and no closing line', char: 'q' }),
  }

  async run(): Promise<GenerateRecord> {
    const { args, flags } = await this.parse(Generate)
    const closed = new AbortController()
    // A reader that has seen enough, such as head, ends the work; that is no error.
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code !== 'EPIPE') return
      closed.abort()
      // oclif waits for a closed stream to drain; Node would give that an exit code of its own.
      process.exitCode = EXIT.ok
    }
    process.stdout.on('error', onError)
    const work = attended({ quiet: flags.quiet, nothing: 'nothing was generated yet' }, async (watch) => {
      const { progress, note } = watch
      const shown: { view: View | null } = { view: null }
      let stage = ''
      const begin = (next: string, start: () => void): void => {
        if (stage !== next) start()
        stage = next
      }
      progress.start('Reading prompts and checkpoint')
      const { record, path } = await generate(optionsOf(flags), sourceOf(args.prompt, flags.file), {
        orStop: watch.orStop,
        signal: AbortSignal.any([watch.signal, closed.signal]),
        openDevice: async () => runDevice(await this.openDevice(flags)),
        onFetch: watch.onFetch,
        onLoad: (done, total) => {
          begin('load', () => progress.start('Loading weights', total, 'tensors'))
          progress.update(done)
        },
        onTry: ({ shift, sparsity }) => {
          begin('calibrate', () => progress.start('Calibrating the drop threshold'))
          progress.update(0, `shift ${shift.toFixed(3)}, sparsity ${sparsity.toFixed(3)}`)
        },
        begin: ({ jobs, notes }) => {
          for (const text of notes) note(`note: ${text}`)
          if (this.jsonEnabled()) return {}
          const choice = {
            format: flags['output-format'],
            prompts: jobs.map(({ text }) => text),
            n: flags.n,
            echo: flags.echo,
            drops: flags['show-drops'],
          }
          shown.view = chooseView(choice, terminalOf(process), (text) => {
            progress.stop()
            stage = ''
            if (!closed.signal.aborted) process.stdout.write(text)
          })
          return shown.view
        },
        onStart: () => progress.stop(),
        // Text that comes bit by bit is progress enough, and a line on standard error would break it up.
        onTokens: (tokens) => {
          if (shown.view?.onText !== undefined || shown.view?.onDrops !== undefined) return
          begin('generate', () => progress.start('Generating'))
          progress.update(0, `${formatCount(tokens)} tokens`)
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

type GenerateFlags = {
  'max-tokens': number
  temperature?: string
  'top-k'?: number
  'top-p'?: string
  seed?: number
  n: number
  stop?: string[]
  'ignore-eos': boolean
  echo: boolean
  'show-drops': boolean
  layer?: number
  trace?: string
  policy?: (typeof SCORING_POLICY_NAMES)[number]
  sparsity?: string
  shift?: string
  cache: (typeof CACHE_KINDS)[number]
  'cache-dtype': 'f32' | 'f16'
  batch?: number
  model?: string
  revision?: string
  dtype: (typeof DTYPE_NAMES)[number]
  'output-format': (typeof FORMATS)[number]
  output?: string
}

function optionsOf(flags: GenerateFlags): GenerateOptions & FileOptions {
  return {
    model: flags.model,
    revision: flags.revision,
    dtype: flags.dtype,
    policy: flags.policy,
    sparsity: asNumber('--sparsity', flags.sparsity),
    shift: asNumber('--shift', flags.shift),
    cache: flags.cache,
    cacheDtype: flags['cache-dtype'],
    maxTokens: flags['max-tokens'],
    temperature: asNumber('--temperature', flags.temperature),
    topK: flags['top-k'],
    topP: asNumber('--top-p', flags['top-p']),
    seed: flags.seed,
    n: flags.n,
    batch: flags.batch,
    stops: flags.stop ?? [],
    ignoreEos: flags['ignore-eos'],
    showDrops: flags['show-drops'],
    layer: flags.layer,
    trace: flags.trace !== undefined,
    traceFile: flags.trace,
    output: flags.output,
    command: ['asp', ...process.argv.slice(2)],
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
