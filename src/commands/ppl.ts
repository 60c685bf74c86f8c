/** `asp ppl`: perplexity of a text at several context lengths and sparsities, and how far pruning is from dense. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { attended, endInterrupted } from '../cli/attended.js'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { number, numbers, usually, wordOf } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { type PerplexityOptions, perplexity } from '../ppl/perplexity.js'
import type { ProtocolName } from '../ppl/windows.js'
import { PROTOCOL_NAMES } from '../record/names.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { PPL_CSV, pplCsv } from '../report/ppl-csv.js'
import { PPL_MARKDOWN, renderPpl } from '../report/ppl-table.js'
import { keep } from '../run/flow.js'

/** Forms that are also written beside the record. */
const BESIDE: Readonly<Record<string, PerplexityOptions['beside']>> = {
  csv: { ending: '.csv', kind: PPL_CSV },
  md: { ending: '.md', kind: PPL_MARKDOWN },
}

/** Tokens scored at each context length: a few minutes on two cores without a GPU. */
const DEFAULT_LIMIT = 4096

export default class Ppl extends AspCommand {
  static override summary =
    'Perplexity of a text by context length and sparsity, compared with the dense model'
  static override description =
    'Text comes from files, folders of .txt, .md and .jsonl, standard input (-) or a Hub dataset ' +
    '(owner/name[@revision][:[config/]split[/column]]), or is tokens already (.bin of llm.c, modded-nanogpt, nanoGPT); by ' +
    'default from a bundled sample of books. Of a text longer than --limit tokens, evenly spaced stretches are scored. Lists are written 128,256 and ranges 128-1024*2 or ' +
    '128-512+128. --output-format csv and md also write a file beside the record. docs/ppl.md defines every figure.'
  static override examples = together([
    '<%= config.bin %> ppl',
    '<%= config.bin %> ppl book.txt --ctx 128-1024*2 --sparsity 0.5,0.8,0.9 --limit all',
    '<%= config.bin %> ppl Salesforce/wikitext:wikitext-2-raw-v1/test/text --model gpt2 --protocol strided --stride 512',
    '<%= config.bin %> ppl fineweb_val_000000.bin --model ./ckpt.pt --protocol blocks --ctx 1024 --tokens 10485760',
    'cat notes.md | <%= config.bin %> ppl - --ctx 256 --sparsity 0.8 --alpha 8',
  ])
  static override strict = false
  static override args = {
    text: Args.string({ description: 'files, folders, - or Hub datasets (default: the bundled sample)' }),
  }
  static override flags = {
    ctx: shared.ctxs({ helpValue: '128-1024*2', ...usually('256,1024') }),
    tokens: shared.tokens(usually('all')),
    limit: shared.limitOrAll(usually(`${DEFAULT_LIMIT}, with --tokens all`)),
    protocol: Flags.custom<ProtocolName>(wordOf(PROTOCOL_NAMES))({
      summary: 'how the text is cut: see docs/ppl.md',
      default: 'windowed',
    }),
    stride: number({ summary: 'tokens between windows of --protocol strided', ...usually('half of --ctx') }),
    alpha: numbers({ summary: 'soft evaluations beside the step function', helpValue: '8' }),
    column: shared.column,
    'batch-tokens': shared.batchTokens,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    policy: shared.policies({ helpValue: 'adaptive,local' }),
    sparsity: shared.sparsities(usually('0,0.5,0.8,0.9')),
    shift: shared.shifts({ helpValue: '0,-0.4' }),
    size: shared.sizes({ helpValue: '64,109' }),
    granularity: shared.granularity,
    ...shared.modelFlags,
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<PplRecord> {
    const { argv, flags } = await this.parse(Ppl)
    return attended(flags, async (watch) => {
      const { progress, note } = watch
      progress.start('Reading checkpoint and text')
      const { record, path } = await perplexity(optionsOf(argv as string[], flags), {
        ...this.runHooks(watch, flags, 'the batches in flight'),
        onPrepared: ({ levels, model }) => {
          progress.stop()
          if (levels.denseOnly)
            note(`note: ${model.id} has no interaction weights: only the dense model is measured`)
        },
      })
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      const form = flags['output-format']
      const text = form === 'csv' ? pplCsv(record) : renderPpl(record, this.sheetOptions(form))
      const beside = BESIDE[form]
      const file = beside && path.replace(/\.json$/, beside.ending)
      const written = file && (await keep(file, `${text}\n`, watch.onUnwritten))
      const places = [`Record: ${path}`, ...(written === undefined ? [] : [`Beside it: ${written}`])]
      this.logTables(text, form, watch, places)
      if (record.status === 'incomplete') endInterrupted(`: what was scored until then is in ${path}`)
      return record
    })
  }
}

function optionsOf(
  inputs: readonly string[],
  flags: Interfaces.InferredFlags<typeof Ppl.flags>,
): PerplexityOptions {
  const { ctx, tokens, protocol, stride, alpha = [], column, seed } = flags
  const { limit = tokens === undefined ? DEFAULT_LIMIT : Number.POSITIVE_INFINITY } = flags
  const { model, revision, dtype, policy, sparsity, shift, size, granularity, output, overwrite } = flags
  return {
    inputs,
    ctx,
    tokens,
    limit,
    protocol,
    stride,
    alpha,
    column,
    seed,
    model,
    revision,
    dtype,
    policies: policy,
    sparsity,
    shift,
    size,
    granularity,
    batchTokens: flags['batch-tokens'],
    output,
    overwrite,
    beside: BESIDE[flags['output-format']],
    command: commandLine(),
  }
}
