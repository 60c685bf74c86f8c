/** `asp ppl` without its command: prepare, find the place for the record, run, write after every context length. */

import type { AdapterRecord } from '../record/eval/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, prepareOutput, recordFileName, writeRecord } from '../record/io/store.js'
import type { PplRecord } from '../record/ppl/schema.js'
import type { RunDevice } from '../run/open-model.js'
import type { PplOptions } from './options.js'
import { type PreparedPpl, type PrepareHooks, preparePpl } from './prepare.js'
import { type PplHooks, runPpl } from './run.js'

export interface PerplexityOptions extends PplOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  /** The arguments as typed. */
  command: readonly string[]
}

export interface PerplexityHooks extends PrepareHooks, Pick<PplHooks, 'onEvent' | 'signal'> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: (prepared: PreparedPpl) => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export async function perplexity(
  options: PerplexityOptions,
  hooks: PerplexityHooks,
): Promise<{ record: PplRecord; path: string }> {
  const { orStop, openDevice, onEvent, signal } = hooks
  const started = new Date()
  // Tried before anything is fetched; the record's own name waits for what the checkpoint decides.
  const checked = await prepareOutput(options.output, 'record.json')
  let written = false
  try {
    const prepared = await orStop(preparePpl(options, hooks))
    hooks.onPrepared?.(prepared)
    const place = await prepareOutput(options.output, fileName(prepared, started))
    const { record: adapter, ...device } = await orStop(openDevice())
    const context = { environment: await collectEnvironment(adapter), started, command: options.command }
    hooks.onRunning?.()
    const write = async (record: PplRecord): Promise<void> => {
      await writeRecord(place, record)
      written = true
    }
    const record = await runPpl(prepared, device, context, { onEvent, signal, onContext: write })
    await write(record)
    return { record, path: place.path }
  } finally {
    if (!written) await abandonOutput(checked)
  }
}

function fileName({ options, model, levels }: PreparedPpl, started: Date): string {
  const [only, ...more] = levels.levels
  return recordFileName({
    suites: [`ppl_${options.protocol}`],
    model: model.id,
    policy: levels.policies.join('+'),
    sparsity: more.length === 0 && only !== undefined && 'sparsity' in only ? only.sparsity : null,
    started,
  })
}
