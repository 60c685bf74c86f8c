/** Everything of a run that can be checked before a device is opened; every bad input ends here. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import type { FetchProgress } from '../data/hub.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import { type Group, selectSuites } from './groups.js'
import { chooseDtype, choosePolicy, type DtypeName, type PolicyChoice, type PolicyName } from './policy.js'
import { type Fallback, readDocuments } from './source.js'
import { prepareTask, type Task } from './task.js'

export interface RunOptions {
  /** Names, paths, globs and groups, as typed. */
  suites: readonly string[]
  /** Folder, bundled name or Hub id; the bundled adaptive checkpoint when undefined. */
  model?: string
  revision?: string
  data?: string
  dtype: DtypeName
  policy?: PolicyName
  sparsity?: number
  limit?: number
  /** Requests of a batch at most; undefined leaves it to the token limit. */
  batchSize?: number
  seed: number
}

export interface PreparedRun {
  options: RunOptions
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
  policy: PolicyChoice
  /** Groups of suites that were named; all their suites are among the tasks. */
  groups: Group[]
  tasks: Task[]
}

export interface PrepareHooks {
  onFetch?: (progress: FetchProgress) => void
  /** Told of each suite whose bundled sample is used because the Hub cannot be reached. */
  onFallback?: (fallback: Fallback) => void
}

export async function prepareRun(options: RunOptions, hooks: PrepareHooks = {}): Promise<PreparedRun> {
  checkNumbers(options)
  const { suites, groups } = selectSuites(options.suites)
  const model = await resolveModel(options.model, { revision: options.revision, onProgress: hooks.onFetch })
  const checkpoint = await openCheckpoint(model.folder, { id: model.id, revision: model.revision })
  const policy = choosePolicy(checkpoint, { policy: options.policy, sparsity: options.sparsity })
  const tokenizer = await loadTokenizer(model.folder, checkpoint.config.vocabSize)
  const datasets = await readDocuments(suites, { data: options.data, ...hooks })
  const { nPositions } = checkpoint.config
  return {
    options,
    model,
    checkpoint,
    tokenizer,
    dtype: chooseDtype(options.dtype, checkpoint.storedDtype),
    policy,
    groups,
    tasks: suites.map((suite, i) => prepareTask(suite, datasets[i], tokenizer, nPositions, options.limit)),
  }
}

function checkNumbers({ limit, batchSize }: RunOptions): void {
  if (limit !== undefined && !(limit > 0)) {
    throw new Failure(`--limit: must be above 0, got ${limit}`, {
      hint: 'a number of documents, or a fraction such as 0.1',
    })
  }
  if (batchSize !== undefined && !(Number.isInteger(batchSize) && batchSize > 0)) {
    throw new Failure(`--batch-size: must be a whole number above 0, got ${batchSize}`, {
      hint: 'leave it out to fill batches by tokens',
    })
  }
}
