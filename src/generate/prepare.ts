/** Everything of a generation that can be checked before a device is opened; every bad input ends here. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import type { FetchProgress } from '../data/hub/hub.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { Sampling } from '../engine/decode/types.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import {
  chooseDtype,
  choosePolicy,
  isSizedPolicy,
  missingShare,
  type PolicyChoice,
  type ScoringPolicyName,
} from '../pruning/policy.js'
import { checkOptions, type GenerateOptions, samplingOf } from './options.js'
import { type PromptSource, type PromptText, readPrompts } from './prompts.js'
import type { Job } from './sequence.js'

export interface PreparedGenerate {
  options: GenerateOptions
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
  policy: PolicyChoice<ScoringPolicyName>
  /** Of the first text; each further one has the next seed. */
  sampling: Sampling
  /** In the order of prompts, then of samples. */
  jobs: Job[]
  /** Texts at a time. */
  places: number
  /** What was chosen otherwise than asked for, in words. */
  notes: string[]
}

/** Texts at a time, where nothing else is asked for. */
const PLACES = 8

export async function prepareGenerate(
  options: GenerateOptions,
  source: PromptSource,
  onFetch?: (progress: FetchProgress) => void,
): Promise<PreparedGenerate> {
  checkOptions(options)
  const model = await resolveModel(options.model, { revision: options.revision, onProgress: onFetch })
  const checkpoint = await openCheckpoint(model.folder, { id: model.id, revision: model.revision })
  const { policy: asked, sparsity } = options
  const policy = choosePolicy(checkpoint, { policy: asked, sparsity })
  checkDrops(options, policy, checkpoint.config.nLayer)
  const tokenizer = await loadTokenizer(model.folder, checkpoint.config.vocabSize)
  const sampling = samplingOf(options)
  const prompts = await readPrompts(source)
  const jobs = planJobs(prompts, {
    encode: tokenizer.encode,
    nPositions: checkpoint.config.nPositions,
    maxTokens: options.maxTokens,
    n: options.n,
    sampling,
  })
  return {
    options,
    model,
    checkpoint,
    tokenizer,
    dtype: chooseDtype(options.dtype, checkpoint.storedDtype),
    policy,
    sampling,
    jobs,
    places: Math.min(options.batch ?? PLACES, jobs.length),
    notes: notesOf(options, sampling),
  }
}

function checkDrops(
  { showDrops, trace, layer, shift }: GenerateOptions,
  { name, sparsity }: PolicyChoice<ScoringPolicyName>,
  L: number,
): void {
  if (isSizedPolicy(name)) {
    if (sparsity === null) throw missingShare(name)
    const idle = [
      { flag: '--trace', given: trace },
      { flag: `--shift ${shift}`, given: shift !== undefined },
    ].find(({ given }) => given)
    if (idle !== undefined) {
      throw new Failure(`${idle.flag}: the ${name} policy has no drop scores`, {
        hint: 'use --policy adaptive',
      })
    }
  }
  const asked = [
    { flag: '--show-drops', given: showDrops },
    { flag: '--trace', given: trace },
    { flag: `--shift ${shift}`, given: shift !== undefined },
  ].find(({ given }) => given)
  if (name === 'dense' && asked !== undefined) {
    throw new Failure(`${asked.flag}: the dense policy drops nothing`, {
      hint: `leave ${asked.flag.split(' ')[0]} out, or use a checkpoint fine-tuned for pruning such as --model asp-tiny`,
    })
  }
  if (layer !== undefined && layer >= L) {
    throw new Failure(`--layer: must be from 0 to ${L - 1}, got ${layer}`, { hint: 'layers count from 0' })
  }
}

export interface JobOptions {
  encode: (text: string) => Uint32Array
  nPositions: number
  maxTokens: number
  n: number
  sampling: Sampling
}

/** @throws Failure on a prompt without tokens, or one that leaves no room for another token */
export function planJobs(
  prompts: readonly PromptText[],
  { encode, nPositions, maxTokens, n, sampling }: JobOptions,
): Job[] {
  return prompts.flatMap(({ text, from }, prompt) => {
    const tokens = encode(text)
    if (tokens.length === 0) {
      throw new Failure(`${from}: must be a text, got an empty one`, {
        hint: "write some words; '<|endoftext|>' begins a text from nothing",
      })
    }
    if (tokens.length >= nPositions) {
      const most = nPositions - 1
      throw new Failure(
        `${from}: must have at most ${most} tokens, one less than the model's context, got ${tokens.length}`,
        { hint: 'cut its beginning' },
      )
    }
    const room = nPositions - tokens.length
    return Array.from({ length: n }, (_, sample): Job => {
      const seed = (sampling.seed + prompt * n + sample) >>> 0
      return {
        prompt,
        sample,
        text,
        tokens,
        sampling: { ...sampling, seed },
        most: Math.min(maxTokens, room),
        end: maxTokens <= room ? 'length' : 'context',
      }
    })
  })
}

function notesOf({ n, temperature, topK }: GenerateOptions, sampling: Sampling): string[] {
  if (n === 1 || (sampling.temperature > 0 && topK !== 1)) return []
  const why = sampling.temperature === 0 ? `--temperature ${temperature}` : '--top-k 1'
  return [`${why} draws nothing: all ${n} texts of a prompt are the same`]
}
