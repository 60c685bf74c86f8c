/** The record of one `asp generate` run, `asp.generate/1`, and the lines of its trace, `asp.trace/1`. */
import { cacheKind } from '../bench/schema.js'
import { command, date, dtype, EnvironmentRecord, heading, kvFields, modelSource, status } from '../common.js'
import * as t from '../define.js'
import { GENERATE_SCHEMA, TRACE_SCHEMA } from '../kinds.js'

export const Finish = t.oneOf(
  "Why the text ended; `context`: the model's longest context was reached before `max_tokens`.",
  ['eos', 'stop', 'length', 'context', 'interrupted'],
)
export type Finish = t.Static<typeof Finish>

export const GeneratedSequence = t.object('One generated text.', {
  prompt: t.count('Number of its prompt, from 0.'),
  sample: t.count('Number among the samples of that prompt, from 0.'),
  seed: t.integer('It was drawn with.'),
  prompt_text: t.string('The prompt.'),
  text: t.string('What was written, without end token and stop string.'),
  prompt_tokens: t.count('Tokens of the prompt.'),
  tokens: t.list('New tokens, the one that ended the text included.', t.count()),
  finish: Finish,
  sparsity: t.nullable(
    t.share('Share of (query, key) pairs removed, over layers; null for the dense policy.'),
  ),
  kv_footprint: kvFields.kv_footprint,
  kv_peak: kvFields.kv_peak,
})
export type GeneratedSequence = t.Static<typeof GeneratedSequence>

export const Rate = t.object('Tokens, and the time they took.', {
  tokens: t.count('How many.'),
  seconds: t.amount('Wall time.'),
})
export type Rate = t.Static<typeof Rate>

export const GenerateModel = t.object('The checkpoint.', {
  id: t.text('Hub id, folder as given, or name of a bundled checkpoint.'),
  source: modelSource('Where it was read from.'),
  revision: t.nullable(t.string('Hub revision.')),
  dtype: dtype('How weights are kept on the device.'),
})
export type GenerateModel = t.Static<typeof GenerateModel>

export const GeneratePolicy = t.object('What decides which tokens are dropped.', {
  name: t.string('Of the policy.'),
  threshold_shift: t.nullable(
    t.number('Added to every drop score; null where no drop score decides and where everything is kept.'),
  ),
  calibrated_ctx: t.nullable(
    t.count('Tokens of a text that the shift or the size belongs to; null where none was searched.'),
  ),
})
export type GeneratePolicy = t.Static<typeof GeneratePolicy>

export const GenerateSampling = t.object('How tokens were drawn.', {
  temperature: t.amount('0 takes the most likely token.'),
  top_k: t.count('Tokens to draw from; 0 for all.'),
  top_p: t.share('Probability of the tokens to draw from.'),
  seed: t.integer('Of the first text; each further one has the next.'),
  max_tokens: t.count('New tokens of a text at most.'),
  stop: t.list('Stop strings.', t.string()),
  ignore_eos: t.boolean('Whether generation continues after the end token.'),
})
export type GenerateSampling = t.Static<typeof GenerateSampling>

export const GenerateSparsity = t.object('What pruning removed, over all texts.', {
  requested: t.nullable(t.share('The share requested; null where none was.')),
  achieved: t.nullable(t.share('Share of causal pairs removed; null for the dense policy.')),
  ...kvFields,
})
export type GenerateSparsity = t.Static<typeof GenerateSparsity>

export const GenerateCache = t.object(
  'Bytes of keys, values and interaction keys when the sequences were longest together.',
  {
    kind: cacheKind('How keys and values are kept.'),
    dtype: dtype('How they are stored.'),
    live_bytes: t.count('Rows that the next query may see.'),
    held_bytes: t.count('The pages or slots they take up.'),
    allocated_bytes: t.count('Of the buffers they are in.'),
    dense_bytes: t.count('Keys and values of the same positions with nothing dropped.'),
  },
)
export type GenerateCache = t.Static<typeof GenerateCache>

export const GenerateTiming = t.object("Wall time of the run's parts.", {
  load_s: t.amount('Weights and kernels.'),
  calibrate_s: t.amount('Finding the shift.'),
  prefill: t.described('Reading prompts.', Rate),
  decode: t.described('Writing.', Rate),
})
export type GenerateTiming = t.Static<typeof GenerateTiming>

export const GenerateRecord = t.object(
  'The record of one `asp generate` run: what was written, how it was drawn, and what pruning left of the cache.',
  {
    ...heading(GENERATE_SCHEMA, 'generate'),
    status: status('`incomplete`: stopped before every text was over.'),
    date,
    model: GenerateModel,
    policy: GeneratePolicy,
    sampling: GenerateSampling,
    sequences: t.list('In the order of prompts, then of samples.', GeneratedSequence),
    sparsity: GenerateSparsity,
    cache: GenerateCache,
    timing: GenerateTiming,
    environment: EnvironmentRecord,
    command,
  },
)
export type GenerateRecord = t.Static<typeof GenerateRecord>

const sequenceNumber = t.count('From 0, in the order of prompts, then of samples.')

export const TraceRun = t.object('The first line.', {
  kind: t.literal('run', 'Of the line.'),
  schema: t.literal(TRACE_SCHEMA, 'Name and version of this format.'),
  model: t.string('Bundled name, folder name or owner/name.'),
  revision: t.nullable(t.string('Commit, for a model from the Hub.')),
  threshold_shift: t.nullable(t.number('Added to every drop score; null where nothing could be dropped.')),
  layers: t.count('Layers of the model; they count from 0.'),
})
export type TraceRun = t.Static<typeof TraceRun>

export const TraceSequence = t.object('A text that is over. Its drops follow.', {
  kind: t.literal('sequence', 'Of the line.'),
  sequence: sequenceNumber,
  prompt_tokens: t.positive("How many of the tokens are the prompt's."),
  tokens: t.list(
    'Ids of prompt and text, by position. The last was chosen but never a query, so it drops nothing.',
    t.count(),
  ),
  texts: t.list('Each token on its own; one that is part of a character is U+FFFD.', t.string()),
})
export type TraceSequence = t.Static<typeof TraceSequence>

export const TraceDrop = t.object(
  'A token that a layer dropped. No query of that layer from killer_position on sees it.',
  {
    kind: t.literal('drop', 'Of the line.'),
    sequence: sequenceNumber,
    layer: t.count('The layer.'),
    position: t.count('Of the dropped token, from 0.'),
    token: t.count('Its id.'),
    text: t.string('Its text.'),
    killer_position: t.positive(
      'Of the query that dropped it: the first after it whose drop score was not above zero.',
    ),
    killer_token: t.count('Id of the token of that query.'),
    killer_text: t.string('Its text.'),
  },
)
export type TraceDrop = t.Static<typeof TraceDrop>

export const TraceLine = t.anyOf(
  'One line of the file that `asp generate --trace` writes: the run, then each text as it ends, followed by its drops in the order they happened.',
  TraceRun,
  TraceSequence,
  TraceDrop,
)
export type TraceLine = t.Static<typeof TraceLine>

/** A part of a text and the share of layers that have dropped it, 0 to 1. Shown while a text is written, not recorded. */
export interface ShadedPiece {
  text: string
  share: number
}
