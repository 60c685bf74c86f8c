/**
 * A run's record -> lm-evaluation-harness's results and samples files (docs/lm-eval.md, Output files), so that what reads
 * lm-eval's output reads asp's. Keys and their order are those of lm-eval 0.4.13; what it tells and asp cannot know is null or
 * "N/A". Pure; `lm-eval-files.ts` writes them.
 */

import type { SampleLine } from '../eval/sample-schema.js'
import type { EvalRecord } from '../eval/schema.js'
import { suiteFootprint } from '../footprint.js'
import { lmEvalGroups } from './groups.js'
import { PythonFloat, type PythonValue } from './python-json.js'
import { type LmEvalDocument, type LmEvalSample, lmEvalSamples, taskHash } from './samples.js'

/** The task definition as lm-eval's `configs[task]` holds it. */
export type LmEvalConfig = { readonly [key: string]: PythonValue | undefined }

export interface LmEvalTask {
  name: string
  config: LmEvalConfig
  /** In dataset order. */
  documents: readonly LmEvalDocument[]
  lines: readonly SampleLine[]
}

/** What neither the record nor the tasks tell. */
export interface LmEvalFacts {
  /** Text and id of the token that stands for an empty context and ends a text. */
  endOfText: { text: string; id: number }
  /** Null when no examples were drawn. */
  fewshotSeed: number | null
}

export interface LmEvalFiles {
  results: { [key: string]: PythonValue | undefined }
  samples: { [task: string]: LmEvalSample[] }
}

/** Replicates behind the standard error of a perplexity; lm-eval's default, which asp's is too. */
const BOOTSTRAP_ITERATIONS = 100_000

export function lmEvalFiles(
  record: EvalRecord,
  tasks: readonly LmEvalTask[],
  { endOfText, fewshotSeed }: LmEvalFacts,
): LmEvalFiles {
  const samples = Object.fromEntries(
    tasks.map(({ name, documents, lines }) => [name, lmEvalSamples(documents, lines)]),
  )
  const token = [endOfText.text, String(endOfText.id)]
  const configs = Object.fromEntries(
    tasks.map(({ name, config }) => [name, { ...config, num_fewshot: record['n-shot'][name] }]),
  )
  const groups = lmEvalGroups(record)
  const results = {
    results: { ...mapped(record.results, (result) => mapped(known(result), statistic)), ...groups.results },
    groups: Object.keys(groups.results).length > 0 ? groups.results : undefined,
    group_subtasks: record.group_subtasks,
    configs: sorted(configs),
    versions: sorted({ ...mapped(record.versions, version), ...groups.versions }),
    'n-shot': sorted({ ...record['n-shot'], ...groups.shots }),
    higher_is_better: sorted({ ...record.higher_is_better, ...groups.higherIsBetter }),
    'n-samples': record['n-samples'],
    config: config(record, fewshotSeed),
    git_hash: record.environment.commit,
    date: new PythonFloat(record.date),
    pretty_env_info: environment(record),
    transformers_version: 'N/A',
    lm_eval_version: 'N/A',
    upper_git_hash: null,
    tokenizer_pad_token: null,
    tokenizer_eos_token: token,
    tokenizer_bos_token: token,
    eot_token_id: endOfText.id,
    max_length: record.model.config.n_positions,
    task_hashes: mapped(samples, taskHash),
    model_source: 'asp',
    model_name: record.model.id,
    model_name_sanitized: sanitizedModelName(record.model.id),
    system_instruction: null,
    system_instruction_sha: null,
    fewshot_as_multiturn: null,
    chat_template: null,
    chat_template_sha: null,
    total_evaluation_time_seconds: String(record.timing.total_s),
  }
  return { results, samples }
}

/** The folder of a model's results: lm-eval's `sanitize_model_name`. */
export function sanitizedModelName(name: string): string {
  return name.replace(/["<>:/|\\?*[\]]+/g, '__')
}

/** `datetime.now().isoformat()` in local time with `:` replaced, which names the files of a run. */
export function lmEvalDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join('-')
  return `${day}T${time}.${String(date.getMilliseconds()).padStart(3, '0')}000`
}

/** Pruning is told among the model's arguments, the one free place of the layout. */
function config(
  { model, policy, sparsity, environment, limit }: EvalRecord,
  fewshotSeed: number | null,
): LmEvalConfig {
  return {
    model: 'asp',
    model_args: {
      pretrained: model.id,
      dtype: model.dtype,
      policy: policy.name,
      ...(policy.name === 'dense'
        ? {}
        : {
            sparsity_requested: sparsity.requested,
            sparsity_achieved: sparsity.achieved,
            kv_footprint: suiteFootprint(sparsity),
            ...(policy.name === 'adaptive' ? { threshold_shift: policy.threshold_shift } : policy.parameters),
          }),
      weights_sha256: model.sha256,
    },
    model_num_parameters: model.parameters,
    model_dtype: { f32: 'float32', f16: 'float16' }[model.dtype],
    model_revision: model.revision,
    model_sha: model.source === 'hub' ? model.revision : null,
    batch_size: null,
    batch_sizes: [],
    device: environment.adapter.name,
    use_cache: null,
    // lm-eval's command line parses its limit as a float.
    limit: limit === null ? null : new PythonFloat(limit),
    bootstrap_iters: BOOTSTRAP_ITERATIONS,
    gen_kwargs: {},
    random_seed: null,
    numpy_seed: null,
    torch_seed: null,
    fewshot_seed: fewshotSeed,
  }
}

/** In the place of torch's report; lines of `name: value`, as it has them. */
function environment({ environment: e }: EvalRecord): string {
  const { adapter } = e
  return [
    `asp version: ${e.asp_version}`,
    `WebGPU adapter: ${adapter.name} (${adapter.backend}, ${adapter.kind}), driver ${adapter.driver}`,
    `webgpu package version: ${e.dawn}`,
    `Node version: ${e.node}`,
    `OS: ${e.os}`,
    `CPU: ${e.cpu}, ${e.cores} cores`,
  ].join('\n')
}

const version = (value: number | string): PythonValue =>
  typeof value === 'number' ? new PythonFloat(value) : value

/** Without the errors over clusters, which lm-eval does not have. */
const known = (result: object): { [key: string]: string | number } =>
  Object.fromEntries(Object.entries(result).filter(([key]) => !key.endsWith('_clustered_stderr,none')))

const statistic = (value: string | number, key: string): PythonValue =>
  typeof value === 'number' && key.endsWith(',none') ? new PythonFloat(value) : value

function mapped<T, U>(of: { [key: string]: T }, to: (value: T, key: string) => U): { [key: string]: U } {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value, key)]))
}

/** lm-eval sorts these by task, and leaves results in the order tasks were given. */
function sorted<T>(of: { [task: string]: T }): { [task: string]: T } {
  return Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)))
}
