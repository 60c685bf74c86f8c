/** All sequences on their way from tokens and death times to text, record and trace. */
import { NO_TOKEN } from '../engine/decode/sampling.js'
import type { HardRule } from '../engine/rules.js'
import { shiftOf } from '../pruning/policy-record.js'
import { addCounts, emptyCounts } from '../record/eval/build.js'
import type { GeneratedSequence, ShadedPiece, TraceLine } from '../record/generate/schema.js'
import { TRACE_SCHEMA } from '../record/kinds.js'
import { notFinite } from '../run/finite.js'
import type { DriveHooks, SequenceDeaths } from './drive.js'
import { countSequence, cutDeaths, dropShares, shareOf, traceLines } from './drops.js'
import { shadedPieces } from './pieces.js'
import type { PreparedGenerate } from './prepare.js'
import { createSequence, type Sequence } from './sequence.js'

export interface WritingHooks {
  /** Text of a sequence that has become certain. */
  onText?: (sequence: number, text: string) => void
  /** When set, told after each submission of prompt and text so far, and what of them is dropped. */
  onDrops?: (sequence: number, pieces: readonly ShadedPiece[]) => void
  /** A text is over; `pieces` are the whole of it, null for the dense policy. */
  onEnd?: (sequence: number, ended: GeneratedSequence, pieces: readonly ShadedPiece[] | null) => void
  onTrace?: (lines: readonly TraceLine[]) => void
}

export interface Writing extends Required<Pick<DriveHooks, 'onToken' | 'onDeaths' | 'onClose'>> {
  /** New tokens of all texts so far. */
  tokens(): number
  /** Texts that are over, in order. */
  ended(): GeneratedSequence[]
  /** What was removed of all these. */
  sparsity(): ReturnType<typeof shareOf>
}

export function createWriting(
  { jobs, tokenizer, model, checkpoint, options }: PreparedGenerate,
  rule: HardRule,
  hooks: WritingHooks,
): Writing {
  const { decode, endToken } = tokenizer
  const { layer = null } = options
  const hint = options.cacheDtype === 'f16' ? '--cache-dtype f32 holds larger keys and values' : undefined
  const sequences = jobs.map((job) =>
    createSequence(job, { decode, endToken: options.ignoreEos ? null : endToken, stops: options.stops }),
  )
  const ended = new Map<number, GeneratedSequence>()
  let counts = emptyCounts(checkpoint.config.nLayer)
  let count = 0
  const tell = (index: number, text: string): void => {
    if (text !== '') hooks.onText?.(index, text)
  }
  hooks.onTrace?.([
    {
      kind: 'run',
      schema: TRACE_SCHEMA,
      model: model.id,
      revision: model.revision,
      threshold_shift: shiftOf(rule),
      layers: checkpoint.config.nLayer,
    },
  ])
  return {
    onToken(index, token) {
      const sequence = sequences[index]
      if (sequence.finish === null) {
        if (token === NO_TOKEN) throw notFinite(noToken(sequence), hint)
        count++
      }
      tell(index, sequence.push(token))
      return sequence.finish !== null
    },
    onDeaths(read) {
      if (hooks.onDrops === undefined) return
      for (const [index, deaths] of read) {
        if (sequences[index].finish !== null) continue
        const tokens = allTokens(sequences[index])
        const shares = dropShares(fedDeaths(tokens, deaths), layer)
        hooks.onDrops(index, shadedPieces(tokens, shares, decode))
      }
    },
    onClose(index, read) {
      const sequence = sequences[index]
      tell(index, sequence.interrupt())
      const tokens = allTokens(sequence)
      const deaths = read && fedDeaths(tokens, read)
      const own = deaths && countSequence(deaths)
      if (own !== null) counts = addCounts(counts, own)
      const result = resultOf(sequence, shareOf(own))
      ended.set(index, result)
      hooks.onEnd?.(index, result, deaths && shadedPieces(tokens, dropShares(deaths, layer), decode))
      if (deaths === null) return
      const { length: promptTokens } = sequence.job.tokens
      hooks.onTrace?.(traceLines({ sequence: index, promptTokens, tokens, deaths }, decode))
    },
    tokens: () => count,
    ended: () => sequences.flatMap((_, index) => ended.get(index) ?? []),
    sparsity: () => shareOf(rule.kind === 'dense' ? null : counts),
  }
}

const noToken = ({ job, tokens }: Sequence): string =>
  `prompt ${job.prompt}, sample ${job.sample}: logits of new token ${tokens.length} must be finite, got NaN or infinity`

const allTokens = ({ job, tokens }: Sequence): number[] => [...job.tokens, ...tokens]

/** The last token was never a query; of a text that a token ended, the device may have gone a little further. */
const fedDeaths = (tokens: readonly number[], deaths: SequenceDeaths): SequenceDeaths =>
  cutDeaths(deaths, tokens.length - 1)

function resultOf(
  { job, text, tokens, finish }: Sequence,
  { achieved, kv_footprint, kv_peak }: ReturnType<typeof shareOf>,
): GeneratedSequence {
  return {
    prompt: job.prompt,
    sample: job.sample,
    seed: job.sampling.seed,
    prompt_text: job.text,
    text,
    prompt_tokens: job.tokens.length,
    tokens: [...tokens],
    finish: finish ?? 'interrupted',
    sparsity: achieved,
    kv_footprint,
    kv_peak,
  }
}
