/** Everything of a generation that can be checked before a device is opened; every bad input ends here. */
import { PRUNING_CHECKPOINT } from '../data/bundled.js'
import type { Sampling } from '../engine/decode/types.js'
import type { HardRule } from '../engine/rules.js'
import { Failure } from '../errors.js'
import { chooseLevel } from '../pruning/choose.js'
import { isSizedPolicy, type Level } from '../pruning/level.js'
import { atContext, knownRule } from '../pruning/resolve.js'
import { type FetchHooks, findModel, type PreparedModel, prepareModel } from '../run/model.js'
import { paddingNotes } from '../run/padding-note.js'
import { checkOptions, type GenerateOptions, samplingOf } from './options.js'
import { type PromptSource, type PromptText, readPrompts } from './prompts.js'
import type { Job } from './sequence.js'

export interface PreparedGenerate extends PreparedModel {
  options: GenerateOptions
  level: Level
  /** Its rule; null where a shift has to be searched. */
  known: HardRule | null
  /** Tokens of the longest text that may come: what a shift or a size belongs to. */
  ctx: number
  /** Of the first text; each further one has the next seed. */
  sampling: Sampling
  /** In the order of prompts, then of samples. */
  jobs: Job[]
  /** Texts at a time. */
  slots: number
  /** What was chosen otherwise than asked for or is kept otherwise than stored, in words. */
  notes: string[]
}

/** Texts at a time, where nothing else is asked for. */
const SLOTS = 8

/** Shorter texts lose too little for a share of them to mean anything. */
const LEAST_CONTEXT = 32

export async function prepareGenerate(
  options: GenerateOptions,
  source: PromptSource,
  hooks: FetchHooks = {},
): Promise<PreparedGenerate> {
  checkOptions(options)
  const found = await findModel(options, hooks)
  const { config } = found.checkpoint
  const level = chooseLevel(found.checkpoint, options)
  checkDrops(options, level, config.nLayer)
  const model = await prepareModel(found, options)
  const sampling = samplingOf(options)
  const jobs = planJobs(await readPrompts(source), {
    encode: model.tokenizer.encode,
    nPositions: config.nPositions,
    maxTokens: options.maxTokens,
    n: options.n,
    sampling,
  })
  const longest = Math.max(LEAST_CONTEXT, ...jobs.map(({ tokens, most }) => tokens.length + most))
  const ctx = Math.min(longest, config.nPositions)
  // A share that the policy cannot remove is refused before a device is there.
  const known = knownRule(level, atContext(ctx), config)
  return {
    options,
    ...model,
    level,
    known,
    ctx,
    sampling,
    jobs,
    slots: Math.min(options.batch ?? SLOTS, jobs.length),
    notes: [...notesOf(options, sampling), ...paddingNotes(config), ...paddedNotes(model)],
  }
}

/** A row without a token can be the most likely; its text is empty, as in transformers. */
function paddedNotes({ checkpoint: { config }, tokenizer }: PreparedModel): string[] {
  const padded = config.vocabSize - tokenizer.vocabSize
  if (padded <= 0) return []
  return [`${padded} of ${config.vocabSize} vocabulary rows have no token; one that is chosen adds no text`]
}

function checkDrops({ showDrops, trace, layer }: GenerateOptions, { policy }: Level, L: number): void {
  if (trace && isSizedPolicy(policy)) {
    throw new Failure(`--trace: the ${policy} policy has no drop scores`, { hint: 'use --policy adaptive' })
  }
  const idle = showDrops ? '--show-drops' : trace ? '--trace' : null
  if (policy === 'dense' && idle !== null) {
    throw new Failure(`${idle}: the dense policy drops nothing`, {
      hint: `leave ${idle} out, or use ${PRUNING_CHECKPOINT}`,
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
