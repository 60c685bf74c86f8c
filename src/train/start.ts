/** What a training begins from: a checkpoint, with new interaction weights where it has none, or a model of random weights. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import { gpt2Tensors } from '../data/gpt2-names.js'
import type { FetchProgress } from '../data/hub/hub.js'
import type { JsonObject } from '../data/json-file.js'
import { resolveModel } from '../data/model.js'
import { initialTensors } from '../data/random-model.js'
import { inFolder, type TokenizerSource } from '../data/tokenizer/source.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import { AS_GPT2, type Gpt2Config, HEAD_DIM, INTERACTION_STEP, methodOf } from '../engine/gpt2/config.js'
import type { TensorSource } from '../engine/tensor-source.js'
import type { TrainerOptions } from '../engine/train/types.js'
import { Failure } from '../errors.js'
import type { TrainSourceRecord } from '../record/train/schema.js'
import { tokenizerSource, weightsKind } from '../run/model-record.js'
import { newConfigJson } from './export.js'
import {
  describeRule,
  initialBias,
  isFrozen,
  ruleOf,
  TRAIN_OPTIONS,
  type TrainingOptions,
} from './options.js'
import type { SaveDtype } from './tensor-file.js'

export interface TrainingStart {
  /** Of what is trained: without interaction weights for a control. */
  config: Gpt2Config
  tensors: TensorSource
  /** The interaction weights came with the checkpoint. */
  hasOwn: boolean
  teacher: TrainerOptions['teacher']
  tokenizer: Tokenizer
  tokenizerSource: TokenizerSource
  configJson: JsonObject
  /** What `--save-dtype auto` stands for. */
  dtype: SaveDtype
  record: TrainSourceRecord
}

export interface StartHooks {
  onFetch?: (progress: FetchProgress) => void
}

/** @throws Failure on a checkpoint that cannot be read, and on interaction options that it does not fit */
export async function openStart(options: TrainingOptions, hooks: StartHooks = {}): Promise<TrainingStart> {
  const { start, intDim = INTERACTION_STEP } = options
  if (intDim % INTERACTION_STEP !== 0) {
    throw new Failure(`--int-dim: must be a multiple of ${INTERACTION_STEP}, got ${intDim}`, {
      hint: `--int-dim ${Math.ceil(intDim / INTERACTION_STEP) * INTERACTION_STEP}`,
    })
  }
  return start.kind === 'checkpoint'
    ? fromCheckpoint(options, start, hooks)
    : fromScratch(options, start, hooks)
}

type StartOf<Kind> = TrainingOptions['start'] & { kind: Kind }

async function fromCheckpoint(
  options: TrainingOptions,
  { model: spec, revision }: StartOf<'checkpoint'>,
  { onFetch }: StartHooks,
): Promise<TrainingStart> {
  const model = await resolveModel(spec, { revision, onProgress: onFetch })
  const checkpoint = await openCheckpoint(model.path, { id: model.id, revision: model.revision })
  const tokenizer = await loadTokenizer(checkpoint.tokenizer, checkpoint.config.vocabSize)
  const dense: Gpt2Config = { ...checkpoint.config, interaction: null, gate: null, selective: false }
  const config = { ...dense, ...learnedParts(options, checkpoint.config) }
  if (checkpoint.config.selective) refuseOtherAttention(options, checkpoint)
  const taught = methodOf(checkpoint.config)
  const hasOwn = taught !== null && taught === methodOf(config)
  if (hasOwn) refuseOther(options, checkpoint)
  return {
    config,
    tensors: withMissing(checkpoint.tensors, config, options),
    hasOwn,
    teacher: options.distill > 0 ? { config: dense, tensors: only(checkpoint.tensors, dense) } : undefined,
    tokenizer,
    tokenizerSource: checkpoint.tokenizer,
    configJson: checkpoint.configJson,
    dtype: checkpoint.storedDtype === 'F16' ? 'f16' : 'f32',
    record: {
      id: model.id,
      source: model.source,
      revision: model.revision,
      sha256: await checkpoint.weightsSha256(),
      tokenizer_sha256: tokenizer.sha256,
      ...weightsKind(checkpoint),
      ...tokenizerSource(checkpoint),
      parameters: checkpoint.parameters,
    },
  }
}

/** What a method adds to a dense model; sizes are those of the checkpoint, where it has such weights already. */
function learnedParts(options: TrainingOptions, own: Partial<LearnedParts> = {}): LearnedParts {
  const rule = ruleOf(options).kind
  if (rule === 'adaptive') {
    const dim = own.interaction?.dim ?? options.intDim ?? TRAIN_OPTIONS.intDim.otherwise
    const propagateInDepth = options.propagateInDepth ?? own.interaction?.propagateInDepth ?? false
    const grace = options.grace ?? own.interaction?.grace ?? TRAIN_OPTIONS.grace.otherwise
    return { interaction: { dim, propagateInDepth, grace }, gate: null, selective: false }
  }
  const none = { interaction: null, gate: null, selective: false }
  if (rule === 'trimkv') return { ...none, gate: { method: rule } }
  if (rule !== 'kvzap') return { ...none, selective: rule === 'selective' }
  const known = own.gate?.method === 'kvzap' ? own.gate : undefined
  const window = options.window ?? known?.window ?? TRAIN_OPTIONS.window.otherwise
  const threshold = options.threshold ?? known?.threshold ?? TRAIN_OPTIONS.threshold.otherwise
  return { ...none, gate: { method: rule, window, threshold } }
}

type LearnedParts = Pick<Gpt2Config, 'interaction' | 'gate' | 'selective'>

/** Such weights attend to what is not dropped in their own way, and are no dense model to begin or to learn from. */
function refuseOtherAttention(options: TrainingOptions, { id }: Checkpoint): void {
  const rule = ruleOf(options)
  const given =
    rule.kind !== 'selective'
      ? options.control === undefined
        ? `--method ${rule.kind}`
        : `--control ${describeRule(rule)}`
      : options.distill > 0
        ? `--distill ${options.distill}`
        : null
  if (given === null) return
  throw new Failure(`${given}: needs a dense model, ${id} was trained with selective attention`, {
    hint: 'begin from the model that it was made of',
  })
}

function refuseOther({ intDim, beta }: TrainingOptions, { id, config: { interaction } }: Checkpoint): void {
  const dim = interaction?.dim
  const flag = intDim !== undefined && intDim !== dim ? `--int-dim ${intDim}` : null
  const given = flag ?? (beta === undefined ? null : `--beta ${beta}`)
  if (given === null) return
  const weights = dim === undefined ? 'gates of its own' : `interaction weights of its own, ${dim} wide`
  throw new Failure(`${given}: ${id} has ${weights}`, {
    hint: 'leave the flag out, or begin from a dense checkpoint',
  })
}

async function fromScratch(
  options: TrainingOptions,
  start: StartOf<'scratch'>,
  { onFetch }: StartHooks,
): Promise<TrainingStart> {
  if (start.width % HEAD_DIM !== 0) {
    throw new Failure(`width: must be a multiple of ${HEAD_DIM}, got ${start.width}`, {
      hint: `${Math.max(1, Math.round(start.width / HEAD_DIM)) * HEAD_DIM} is one`,
    })
  }
  if (options.distill > 0 || isFrozen(options)) {
    const method = options.freeze === true ? 'freeze' : `method ${options.method}`
    const flag = options.distill > 0 ? 'distill' : method
    throw new Failure(`${flag}: needs a trained model to begin from, got random weights`, {
      hint: `leave ${flag} out, or use asp finetune`,
    })
  }
  const source = await scratchTokenizer(start.tokenizer, onFetch)
  const tokenizer = await loadTokenizer(source, Number.POSITIVE_INFINITY)
  const config: Gpt2Config = {
    vocabSize: tokenizer.vocabSize,
    nPositions: start.positions,
    nEmbd: start.width,
    nLayer: start.layers,
    nHead: start.width / HEAD_DIM,
    nInner: 4 * start.width,
    layerNormEpsilon: 1e-5,
    ...AS_GPT2,
    ...learnedParts(options),
  }
  const tensors = withMissing(new Map(), config, options)
  return {
    config,
    tensors,
    hasOwn: false,
    teacher: undefined,
    tokenizer,
    tokenizerSource: source,
    configJson: newConfigJson(config, tokenizer.endToken ?? tokenizer.prefixToken),
    dtype: 'f32',
    record: {
      id: `random ${start.width}x${start.layers}`,
      source: 'scratch',
      revision: null,
      sha256: null,
      tokenizer_sha256: tokenizer.sha256,
      ...tokenizerSource({ tokenizer: source }),
      parameters: [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    },
  }
}

/** GPT-2's own needs no checkpoint, and so no network. */
async function scratchTokenizer(
  spec: string | undefined,
  onProgress: StartHooks['onFetch'],
): Promise<TokenizerSource> {
  if (spec === 'gpt2') return { kind: 'gpt2' }
  return inFolder((await resolveModel(spec, { onProgress })).path)
}

/** The tensors of `config`; those that are not there are made, interaction weights from N(0, 0.02^2) (docs/method.md, Initial values and schedules). */
function withMissing(there: TensorSource, config: Gpt2Config, options: TrainingOptions): TensorSource {
  const fresh = initialTensors(config, { seed: options.seed, beta: initialBias(options) })
  return new Map([...fresh].map(([name, tensor]) => [name, there.get(name) ?? tensor]))
}

/** The tensors of the dense part. */
function only(tensors: TensorSource, dense: Gpt2Config): TensorSource {
  const names = new Set(gpt2Tensors(dense).map(({ name }) => name))
  return new Map([...tensors].filter(([name]) => names.has(name)))
}
