/** `asp ppl`: perplexity of a text at several context lengths and sparsities, and how far pruning is from dense. */
import { Args, Flags } from '@oclif/core'
import { attended, endInterrupted } from '../cli/attended.js'
import {
  AspCommand,
  asNumber,
  calibrationSeedFlag,
  modelFlags,
  quietFlag,
  recordFlag,
  runDevice,
} from '../cli/base-command.js'
import type { Progress } from '../cli/progress.js'
import { parseNumbers, parseRange, parseWords } from '../data/ranges.js'
import { DEFAULT_COLUMN } from '../data/text.js'
import { type PerplexityOptions, perplexity } from '../ppl/perplexity.js'
import type { PplEvent } from '../ppl/run.js'
import { type DTYPE_NAMES, SCORING_POLICY_NAMES } from '../pruning/policy.js'
import { formatRecord, writeWhole } from '../record/io/store.js'
import { type PplRecord, PROTOCOL_NAMES } from '../record/ppl/schema.js'
import { pplCsv } from '../report/ppl-csv.js'
import { renderPpl, renderPplMarkdown } from '../report/ppl-table.js'

/** What is printed; csv and md are also written beside the record. */
const FORMATS: Readonly<Record<(typeof FORMAT_NAMES)[number], (record: PplRecord) => string>> = {
  table: (record) => renderPpl(record, { width: process.stdout.columns }),
  csv: pplCsv,
  md: renderPplMarkdown,
  json: (record) => formatRecord(record).trimEnd(),
}
const FORMAT_NAMES = ['table', 'csv', 'md', 'json'] as const

/** Tokens scored at each context length: a few minutes on two cores without a GPU. */
const DEFAULT_LIMIT = 4096

export default class Ppl extends AspCommand {
  static override summary =
    'Perplexity of a text by context length and sparsity, with the distance to the dense model'
  static override description =
    'Text comes from files, folders of .txt, .md and .jsonl, standard input (-) or a Hub dataset ' +
    '(owner/name[@revision][:[config/]split[/column]]); without any, from a bundled sample of books. Of a text longer ' +
    'than --limit tokens, evenly spread stretches are scored. Lists are written 128,256 and ranges 128-1024*2 or ' +
    '128-512+128. docs/ppl.md defines every figure.'
  static override examples = [
    '<%= config.bin %> ppl',
    '<%= config.bin %> ppl book.txt --ctx 128-1024*2 --sparsity 0.5,0.8,0.9 --limit all',
    '<%= config.bin %> ppl Salesforce/wikitext:wikitext-2-raw-v1/test/text --model gpt2 --protocol strided --stride 512',
    'cat notes.md | <%= config.bin %> ppl - --ctx 256 --sparsity 0.8 --alpha 8',
  ]
  static override strict = false
  static override args = {
    text: Args.string({ description: 'files, folders, - or Hub datasets (default: the bundled sample)' }),
  }
  static override flags = {
    ctx: Flags.string({
      description: "context lengths, in tokens (default: 256,1024, as far as the model's positions go)",
      char: 'c',
      helpValue: '128-1024*2',
    }),
    sparsity: Flags.string({
      description:
        'shares of context to remove, each at least 0 and below 1 (default: 0,0.5,0.8,0.9; strided: 0,0.5,0.8)',
      helpValue: '0,0.5,0.8',
    }),
    shift: Flags.string({
      description: "threshold shifts to measure at instead; 0 is the checkpoint's own threshold",
      helpValue: '0,-0.4',
    }),
    size: Flags.string({
      description: 'windows, strides or budgets in tokens, in place of sparsities that they are counted for',
      helpValue: '64,109',
    }),
    policy: Flags.string({
      description: `what decides which tokens are dropped: some of ${SCORING_POLICY_NAMES.join(', ')}`,
      helpValue: 'adaptive,local',
    }),
    alpha: Flags.string({ description: 'soft evaluations beside the step function', helpValue: '8' }),
    protocol: Flags.option({
      description: 'how the text is cut and what counts: see docs/ppl.md',
      options: PROTOCOL_NAMES,
      default: 'windowed' as const,
    })(),
    stride: Flags.string({
      description: 'tokens between windows of --protocol strided (default: half of ctx)',
    }),
    limit: Flags.string({
      description: 'tokens of text scored at most at each context length, or all',
      char: 'L',
      default: String(DEFAULT_LIMIT),
    }),
    column: Flags.string({ description: 'field of rows that holds the text', default: DEFAULT_COLUMN }),
    ...modelFlags,
    'batch-tokens': Flags.string({
      description: 'tokens of a batch at most, or "auto" for what suits the adapter',
      default: 'auto',
    }),
    seed: calibrationSeedFlag,
    output: recordFlag,
    'output-format': Flags.option({
      description: 'what is printed; csv and md are also written beside the record',
      options: FORMAT_NAMES,
      default: 'table' as const,
    })(),
    quiet: quietFlag,
  }

  async run(): Promise<PplRecord> {
    const { argv, flags } = await this.parse(Ppl)
    return attended(flags, async ({ progress, signal, orStop, note, onFetch, onRunning }) => {
      progress.start('Reading checkpoint and text')
      const { record, path } = await perplexity(optionsOf(argv as string[], flags), {
        orStop,
        signal,
        openDevice: async () => runDevice(await this.openDevice(flags, signal)),
        onPrepared: ({ levels, model }) => {
          progress.stop()
          if (levels.denseOnly)
            note(`note: ${model.id} has no interaction weights: only the dense model is measured`)
        },
        onRunning: () => onRunning('the batches in flight'),
        onEvent: showProgress(progress),
        onFetch,
      })
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      const text = FORMATS[flags['output-format']](record)
      this.log(text)
      const beside = await writeBeside(path, flags['output-format'], text)
      // Standard output is for the format alone when a program reads it.
      const places = [`Record: ${path}`, ...(beside === null ? [] : [`Beside it: ${beside}`])]
      if (flags['output-format'] === 'table') this.log(`\n${places.join('\n')}`)
      else note(places.join('\n'))
      if (record.status === 'incomplete') endInterrupted(`: what was scored until then is in ${path}`)
      return record
    })
  }
}

async function writeBeside(
  record: string,
  format: keyof typeof FORMATS,
  text: string,
): Promise<string | null> {
  if (format !== 'csv' && format !== 'md') return null
  const file = record.replace(/\.json$/, `.${format}`)
  await writeWhole(file, `${text}\n`)
  return file
}

type PplFlags = {
  ctx?: string
  sparsity?: string
  shift?: string
  size?: string
  policy?: string
  alpha?: string
  protocol: (typeof PROTOCOL_NAMES)[number]
  stride?: string
  limit: string
  column: string
  model?: string
  revision?: string
  dtype: (typeof DTYPE_NAMES)[number]
  'batch-tokens': string
  seed: number
  output?: string
}

function optionsOf(inputs: readonly string[], flags: PplFlags): PerplexityOptions {
  const numbers = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : parseNumbers(flag, text)
  return {
    inputs,
    column: flags.column,
    model: flags.model,
    revision: flags.revision,
    dtype: flags.dtype,
    policies:
      flags.policy === undefined ? undefined : parseWords('--policy', flags.policy, SCORING_POLICY_NAMES),
    ctx: flags.ctx === undefined ? undefined : parseRange('--ctx', flags.ctx),
    sparsity: numbers('--sparsity', flags.sparsity),
    shift: numbers('--shift', flags.shift),
    size: numbers('--size', flags.size),
    alpha: numbers('--alpha', flags.alpha) ?? [],
    protocol: flags.protocol,
    stride: asNumber('--stride', flags.stride),
    limit:
      flags.limit === 'all' ? Number.POSITIVE_INFINITY : (asNumber('--limit', flags.limit) ?? DEFAULT_LIMIT),
    batchTokens:
      flags['batch-tokens'] === 'auto' ? undefined : asNumber('--batch-tokens', flags['batch-tokens']),
    seed: flags.seed,
    output: flags.output,
    command: ['asp', ...process.argv.slice(2)],
  }
}

function showProgress(progress: Progress): (event: PplEvent) => void {
  let shown = ''
  return (event) => {
    if (event.stage !== shown) {
      if (shown !== '') progress.succeed()
      shown = event.stage
      if (event.stage === 'load') progress.start('Loading weights', event.total, 'tensors')
      else progress.start('Measuring', event.total, 'rows')
    }
    progress.update(event.done, event.stage === 'measure' ? event.info : undefined)
  }
}
