/** `asp bench` without its command: prepare, run, write after every round. */
import { requestedSparsity } from '../pruning/level.js'
import type { BenchRecord } from '../record/bench/schema.js'
import { BENCH_SCHEMA } from '../record/kinds.js'
import { ifThereOf } from '../run/existing.js'
import type { FlowHooks } from '../run/flow.js'
import type { FetchHooks } from '../run/model.js'
import { noEarlier, recordedRun } from '../run/recorded.js'
import type { PhaseHooks } from './phases.js'
import { type BenchOptions, type PreparedBench, prepareBench } from './prepare.js'
import { runBench } from './run.js'

export interface BenchHooks extends FlowHooks<PreparedBench>, PhaseHooks, FetchHooks {}

export interface BenchRunOptions extends BenchOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  /** Replace what is at `output`. */
  overwrite?: boolean
}

export function bench(
  options: BenchRunOptions,
  hooks: BenchHooks,
): Promise<{ record: BenchRecord; path: string }> {
  return recordedRun(
    {
      output: options.output,
      schema: BENCH_SCHEMA,
      ifThere: ifThereOf(options),
      prepare: () => prepareBench(options, hooks),
      name: ({ model, configurations }) => {
        const levels = configurations.map(({ level }) => level)
        const sparsities = levels.map(requestedSparsity).filter((share) => share !== null)
        const [sparsity = null, ...others] = new Set(sparsities)
        return {
          suites: ['bench'],
          model: model.id,
          policy: [...new Set(levels.map(({ policy }) => policy))].join('+'),
          sparsity: others.length === 0 ? sparsity : null,
        }
      },
      earlier: noEarlier,
      run: async (prepared, device, { write, ...context }) => {
        const record = await runBench(prepared, device, context, { ...hooks, onRecord: write })
        await write(record)
        return { record }
      },
    },
    hooks,
  )
}
