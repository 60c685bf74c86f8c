/**
 * Whether two records are of the same thing: a list of fields that must be equal, in the order they are worth telling, and the first
 * that is not. What makes two runs one run is listed here; what makes two records comparable stands with each pairing of asp compare.
 */
import { Failure } from '../errors.js'
import type { ModelRecord } from './common.js'
import type { EvalRecord } from './eval/schema.js'
import type { SweepRecord } from './sweep/schema.js'

/** A thing that must be equal, as JSON; undefined where it does not matter. */
export interface Field<R> {
  name: string
  of(record: R): unknown
  /** What is shown instead, where the thing itself is a hash. */
  shown?(record: R): unknown
  hint?: string
}

/** Null where nothing differs. */
export function firstDifference<R>(fields: readonly Field<R>[], a: R, b: R): Field<R> | null {
  return (
    fields.find(({ of }) => {
      const values = [of(a), of(b)]
      return !values.includes(undefined) && canonical(values[0]) !== canonical(values[1])
    }) ?? null
  )
}

/** JSON with the keys of objects in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

type Run = Pick<EvalRecord, 'environment' | 'model'>

/** What every GPT-2 has; a record of a version that did not keep it is taken to be of such a model. */
const AS_GPT2 = {
  layer_norm_epsilon: 1e-5,
  activation_function: 'gelu_new',
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
} as const

/** Of a record of any version. */
export const withDefaults = (config: ModelRecord['config']): ModelRecord['config'] => ({
  ...AS_GPT2,
  ...config,
})

/** What config.json decides of a model's numbers, besides the weights. */
const MODEL_SETTINGS: readonly Field<{ model: { config: ModelRecord['config'] } }>[] = [
  { name: 'n_positions of the model', of: ({ model }) => model.config.n_positions },
  { name: 'n_head of the model', of: ({ model }) => model.config.n_head },
  ...(Object.keys(AS_GPT2) as (keyof typeof AS_GPT2)[]).map((name) => ({
    name: `${name} of the model`,
    of: ({ model }: { model: { config: ModelRecord['config'] } }) => withDefaults(model.config)[name],
  })),
  { name: 'int_n_embd of the model', of: ({ model }) => model.config.int_n_embd },
  // Older records have it among the parameters of their policy.
  { name: 'propagate_in_depth of the model', of: ({ model }) => model.config.propagate_in_depth },
  { name: 'drop_method of the model', of: ({ model }) => model.config.drop_method ?? null },
  { name: 'drop_window of the model', of: ({ model }) => model.config.drop_window ?? null },
  { name: 'drop_threshold of the model', of: ({ model }) => model.config.drop_threshold ?? null },
]

const PROGRAM_AND_MODEL: readonly Field<Run>[] = [
  { name: 'version of asp', of: ({ environment }) => environment.asp_version },
  { name: 'model weights', of: ({ model }) => model.sha256 },
  ...MODEL_SETTINGS,
  { name: 'tokenizer', of: ({ model }) => model.tokenizer_sha256 },
  { name: 'dtype', of: ({ model }) => model.dtype },
]

/** Over what the requested share is reached; undefined where it makes no difference. Early records have it pooled. */
export function calibrationOf({ calibrated, sparsity, tasks }: EvalRecord): string | undefined {
  if (sparsity.requested === null || Object.keys(tasks).length < 2) return undefined
  return calibrated ?? 'pooled'
}
/** Whether two models with the same weights compute the same numbers. */
export const sameModelSettings = (a: ModelRecord['config'], b: ModelRecord['config']): boolean =>
  firstDifference(MODEL_SETTINGS, { model: { config: a } }, { model: { config: b } }) === null

const perTask = (of: (record: EvalRecord, task: string) => unknown) => (record: EvalRecord) =>
  Object.fromEntries(Object.keys(record.tasks).map((task) => [task, of(record, task)]))

/** Sample lines of such evaluations may be put together. */
export const SAME_EVAL: readonly Field<EvalRecord>[] = [
  ...PROGRAM_AND_MODEL,
  { name: 'suites', of: ({ tasks }) => Object.keys(tasks) },
  { name: 'data', of: perTask(({ tasks }, task) => tasks[task].identity_parts.data) },
  { name: 'protocol', of: perTask(({ tasks }, task) => tasks[task].identity_parts.protocol) },
  { name: 'few-shot examples', of: (record) => record['n-shot'] },
  { name: 'limit', of: ({ limit }) => limit },
  { name: 'requests', of: perTask(({ tasks }, task) => tasks[task].identity_parts.requests) },
  { name: 'policy', of: ({ policy }) => policy.name },
  { name: 'policy parameters', of: ({ policy }) => policy.parameters },
  { name: 'requested sparsity', of: ({ sparsity }) => sparsity.requested },
  { name: 'calibration', of: calibrationOf },
  { name: 'threshold shift', of: ({ policy }) => policy.threshold_shift },
  { name: 'threshold shifts', of: perTask(({ tasks }, task) => tasks[task].policy?.threshold_shift) },
  { name: 'policy parameters', of: perTask(({ tasks }, task) => tasks[task].policy?.parameters) },
]

/** Parts of such sweeps may be put together. Policies, sparsities and parts may be others: what is there of them is used. */
export const SAME_SWEEP: readonly Field<SweepRecord>[] = [
  ...PROGRAM_AND_MODEL,
  { name: 'seed', of: ({ seed }) => seed },
  { name: 'limit', of: ({ limit, grid }) => (grid.suites.length === 0 ? undefined : limit) },
  { name: 'suites', of: ({ grid }) => (grid.suites.length === 0 ? undefined : grid.suites) },
  { name: 'data', of: ({ identity_parts: { suites } }) => suites?.data },
  { name: 'protocol', of: ({ identity_parts: { suites } }) => suites?.protocol },
  { name: 'requests', of: ({ identity_parts: { suites } }) => suites?.requests },
  { name: 'context lengths', of: ({ grid }) => grid.contexts },
  { name: 'text', of: ({ identity_parts: { text } }) => text?.data },
  { name: 'windows of text', of: ({ identity_parts: { text } }) => text?.requests },
]

/** @throws Failure where the record at `path` is of another run than the one that is to go on with it */
export function checkResumed<R>(
  path: string,
  what: 'run' | 'sweep',
  fields: readonly Field<R>[],
  earlier: R,
  now: R,
): void {
  const field = firstDifference(fields, earlier, now)
  if (field === null) return
  const [was, is] = [earlier, now].map((record) => JSON.stringify(field.of(record)))
  throw new Failure(`--resume: ${path} is another ${what}, its ${field.name} was ${was} and is now ${is}`, {
    hint: 'repeat the command it was started with, or choose another --output',
  })
}
