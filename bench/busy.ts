/** How much of a HellaSwag run the adapter works, by its own clock: the rest is spent waiting for the host. */
import { Engine } from '../src/engine/engine.js'
import type { DropRule } from '../src/engine/rules.js'
import { prepareRun } from '../src/eval/prepare-run.js'
import { scoreRequests } from '../src/eval/score.js'
import { busyClock } from '../src/run/busy-clock.js'
import type { RunDevice } from '../src/run/open-model.js'

export interface BusyBench {
  policy: DropRule['kind']
  documents: number
  seconds: number
  /** Null where the adapter has no clock. */
  busy: number | null
}

const LIMITS = { tokens: 2048, requests: Number.POSITIVE_INFINITY }

/** One run over the 200 bundled items. */
export async function benchBusy({ device, lost, adapter }: RunDevice, rule: DropRule): Promise<BusyBench> {
  const prepared = await prepareRun({ suites: ['hellaswag'], data: 'sample', dtype: 'auto', seed: 1234 })
  const { checkpoint, dtype, tasks } = prepared
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, { device, lost, adapter, dtype })
  try {
    await engine.warmUp([rule.kind])
    const clock = busyClock()
    const began = performance.now()
    for await (const _ of scoreRequests(engine, tasks[0].requests, { rule, limits: LIMITS, busy: clock }));
    const seconds = (performance.now() - began) / 1000
    const worked = clock.seconds()
    return {
      policy: rule.kind,
      documents: tasks[0].examples.length,
      seconds,
      busy: worked === null ? null : worked / seconds,
    }
  } finally {
    engine.close()
  }
}
