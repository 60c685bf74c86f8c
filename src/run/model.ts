/** A checkpoint as it is named -> its files, read as far as is needed before a device is open. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import type { FetchProgress } from '../data/hub/hub.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import { chooseDtype, type DtypeName } from './dtype.js'

export interface ModelOptions {
  /** Folder, bundled name or Hub id; the bundled adaptive checkpoint when undefined. */
  model?: string
  revision?: string
  dtype: DtypeName
}

export interface FetchHooks {
  onFetch?: (progress: FetchProgress) => void
}

export interface FoundModel {
  model: ResolvedModel
  checkpoint: Checkpoint
}

/** A model as runs take it. */
export interface PreparedModel extends FoundModel {
  tokenizer: Tokenizer
  dtype: WeightDtype
}

/** Failure: there is no such model, or it is none that asp runs. */
export async function findModel(
  { model: name, revision }: Pick<ModelOptions, 'model' | 'revision'>,
  { onFetch }: FetchHooks = {},
): Promise<FoundModel> {
  const model = await resolveModel(name, { revision, onProgress: onFetch })
  return { model, checkpoint: await openCheckpoint(model.path, { id: model.id, revision: model.revision }) }
}

/** Failure: the tokenizer is missing, or another one's. */
export async function prepareModel(
  { model, checkpoint }: FoundModel,
  { dtype }: Pick<ModelOptions, 'dtype'>,
): Promise<PreparedModel> {
  const tokenizer = await loadTokenizer(checkpoint.tokenizer, checkpoint.config.vocabSize)
  return { model, checkpoint, tokenizer, dtype: chooseDtype(dtype, checkpoint.storedDtype) }
}
