/** `asp ppl` without its command: prepare, run, write after every context length. */
import { requestedSparsity } from '../pruning/level.js'
import { PPL_SCHEMA } from '../record/kinds.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { checkThere, ifThereOf, type OutputKind } from '../run/existing.js'
import type { FlowHooks } from '../run/flow.js'
import type { FetchHooks } from '../run/model.js'
import { recordedRun } from '../run/recorded.js'
import type { PplOptions } from './options.js'
import { type PreparedPpl, preparePpl } from './prepare.js'
import { type PplHooks, runPpl } from './run.js'

export interface PerplexityOptions extends PplOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  /** Replace what is at `output`. */
  overwrite?: boolean
  /** A file that is to be written beside the record, in place of its `.json`: what it ends in, and how it begins. */
  beside?: { ending: string; kind: OutputKind }
  /** The arguments as typed. */
  command: readonly string[]
}

export interface PerplexityHooks
  extends FlowHooks<PreparedPpl>,
    FetchHooks,
    Pick<PplHooks, 'onProgress' | 'signal'> {}

export function perplexity(
  options: PerplexityOptions,
  hooks: PerplexityHooks,
): Promise<{ record: PplRecord; path: string }> {
  const { command, output, protocol } = options
  const ifThere = ifThereOf(options)
  return recordedRun(
    {
      output,
      schema: PPL_SCHEMA,
      ifThere,
      prepare: () => preparePpl(options, hooks),
      name: ({ model, levels: { policies, levels } }) => ({
        suites: [`ppl_${protocol}`],
        model: model.id,
        policy: policies.join('+'),
        sparsity: levels.length === 1 ? requestedSparsity(levels[0]) : null,
      }),
      earlier: async ({ path }) => {
        const { beside } = options
        if (beside === undefined) return
        await checkThere(path.replace(/\.json$/, beside.ending), { kind: beside.kind, ifThere })
      },
      run: async (prepared, device, { write, environment, started }) => {
        const context = { environment, started, command }
        const record = await runPpl(prepared, device, context, { ...hooks, onContext: write })
        await write(record)
        return { record }
      },
    },
    hooks,
  )
}
