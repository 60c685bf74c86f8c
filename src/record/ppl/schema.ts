/** The record of a perplexity run, `asp.ppl/1`: what `asp ppl` writes and every table of it reads. */

import {
  command,
  date,
  EnvironmentRecord,
  heading,
  IdentityParts,
  kvFields,
  MemoryRecord,
  ModelRecord,
  SizedRecord,
  status,
  TextSourceRecord,
} from '../common.js'
import * as t from '../define.js'
import { PPL_SCHEMA } from '../kinds.js'
import { PROTOCOL_NAMES } from '../names.js'

export const PplCalibration = t.object('How the shift was found.', {
  method: t.text('In a sentence.'),
  windows: t.count('Windows of the sample.'),
  evaluations: t.list(
    'What was measured for this level, in order; searches continue from what those before them measured.',
    t.object('One measurement.', {
      shift: t.number('Threshold shift tried.'),
      windows: t.count('Windows it was measured on.'),
      sparsity: t.share('S_pair there.'),
    }),
  ),
  sample_sparsity: t.share('S_pair of the sample at the shift that was chosen.'),
  seconds: t.amount('Time of the search.'),
})
export type PplCalibration = t.Static<typeof PplCalibration>

export const DeltaRecord = t.object(
  'Negative log-likelihood minus that of the dense rule for the same token.',
  {
    nll: t.number('Mean over scored tokens, nats.'),
    stderr: t.nullable(t.number('Paired, windows as units; null with a single window.')),
    stderr_tokens: t.nullable(t.number('Paired, as if all tokens were independent.')),
    perplexity_ratio: t.nullable(t.number("Perplexity by the dense one's.")),
  },
)
export type DeltaRecord = t.Static<typeof DeltaRecord>

export const PplSparsity = t.object('What the rule removed.', {
  achieved: t.share(
    'S_pair, mean over layers; of a soft rule one minus the mean of what is left of the pairs.',
  ),
  per_layer: t.list('S_pair by layer.', t.share()),
  at_ctx: t.nullable(
    t.share('S@ctx, mean over windows of full length and over layers; null under a soft rule.'),
  ),
  at_ctx_per_layer: t.nullable(t.list('S@ctx by layer.', t.share())),
  pairs: t.count('Causal pairs of the windows.'),
  ...kvFields,
})
export type PplSparsity = t.Static<typeof PplSparsity>

export const KlRecord = t.object('KL(dense || rule) per scored token over the whole vocabulary, nats.', {
  mean: t.number('Mean.'),
  stderr: t.nullable(t.number('Of the mean, windows as units.')),
  median: t.number('Median.'),
  p99: t.number('99 % quantile.'),
  max: t.number('Largest.'),
})
export type KlRecord = t.Static<typeof KlRecord>

export const PositionRecord = t.object('The scored tokens that rows `from` to `to` of the windows predict.', {
  from: t.count('First row, counted from 0: tokens of context before the prediction.'),
  to: t.count('Last row.'),
  tokens: t.count('Scored tokens.'),
  nll: t.number('Mean, nats.'),
  delta: t.nullable(t.number('Mean minus that of the dense rule; null for that rule.')),
  delta_stderr: t.nullable(t.number('Paired, windows as units.')),
  kl: t.nullable(t.number('Mean.')),
  top1_agreement: t.nullable(t.share("Share whose most likely token is the dense rule's.")),
  sparsity: t.nullable(t.share('Mean S(k) of the rows, over layers; null under a soft rule.')),
})
export type PositionRecord = t.Static<typeof PositionRecord>

export const RuleRecord = t.object('One rule at one context length.', {
  policy: t.text('What decides; dense where nothing is dropped.'),
  rule: t.oneOf(
    'Nothing dropped; dropped for good where the drop score is not above 0; faded by the alpha-sigmoid; dropped by a policy of a size.',
    ['dense', 'step', 'soft', 'sized'],
  ),
  requested: t.nullable(t.share('S_pair requested; null where a shift was given, and for the dense rule.')),
  shift: t.nullable(t.number('Added to every drop score; null where no drop score decides.')),
  sized: t.nullable(
    SizedRecord,
    'The policy of a size that decided; null where drop scores did, and for the dense rule.',
  ),
  alpha: t.nullable(t.number('Of a soft rule.')),
  calibration: t.nullable(
    PplCalibration,
    "Null where no search was made, and for soft rules, which take their level's shift.",
  ),
  nll: t.number('Mean negative log-likelihood per token, nats.'),
  nll_stderr: t.nullable(t.number('Windows as units; null with a single window.')),
  nll_stderr_tokens: t.nullable(t.number('As if all tokens were independent.')),
  perplexity: t.nullable(t.number('exp(nll).')),
  word_perplexity: t.nullable(t.number('exp(sum of negative log-likelihoods / words).')),
  byte_perplexity: t.nullable(t.number('exp(sum of negative log-likelihoods / bytes).')),
  bits_per_byte: t.nullable(t.number('The same sum by bytes, in bits.')),
  delta: t.nullable(DeltaRecord, 'Null for the dense rule.'),
  sparsity: t.nullable(PplSparsity, 'Null for the dense rule.'),
  kl: t.nullable(KlRecord, 'Null for the dense rule.'),
  top1_agreement: t.nullable(
    t.object("Share of predictions whose most likely token is the dense rule's; null for the dense rule.", {
      value: t.share('The share.'),
      stderr: t.nullable(t.number('Windows as units.')),
    }),
  ),
  positions: t.list('By the number of tokens before the prediction in its window.', PositionRecord),
  samples: t.object('Of each window, sums over its scored tokens.', {
    nll: t.list('Negative log-likelihood, nats.', t.number()),
    kl: t.nullable(t.list('KL, nats.', t.number())),
    agreed: t.nullable(t.list("Tokens whose most likely token is the dense rule's.", t.count())),
    sparsity: t.nullable(t.list('S_pair of the window, mean over layers.', t.share())),
  }),
})
export type RuleRecord = t.Static<typeof RuleRecord>

export const ContextRecord = t.object('One context length.', {
  ctx: t.count('Tokens fed at once.'),
  stride: t.nullable(t.count('Tokens between beginnings of windows, of the strided protocol.')),
  windows_planned: t.count('Windows of the run.'),
  windows: t.count('Windows that were scored.'),
  tokens: t.count('Scored tokens.'),
  words: t.count('Words that begin in them.'),
  bytes: t.count('Their UTF-8 length.'),
  share_of_text: t.amount('Scored tokens by those of the whole text.'),
  samples: t.object('Of each scored window.', {
    first: t.list('Place in the text of the first scored token.', t.count()),
    tokens: t.list('Scored tokens.', t.count()),
    rows: t.list('Tokens fed.', t.count()),
  }),
  rules: t.list('The dense rule, then each level under the step function and under each alpha.', RuleRecord),
  seconds: t.object('Wall time.', {
    calibrate: t.amount('Finding shifts.'),
    score: t.amount('Scoring all rules.'),
    adapter: t.nullable(t.amount('Time the adapter worked while scoring, by its own clock.')),
  }),
})
export type ContextRecord = t.Static<typeof ContextRecord>

export const TextRecord = t.object('What was scored.', {
  sources: t.list('In the order they were joined, an empty line between documents.', TextSourceRecord),
  column: t.text('Field of rows that was read, where there were rows.'),
  documents: t.count('Files or rows.'),
  characters: t.count('UTF-16 units.'),
  bytes: t.count('UTF-8.'),
  words: t.count('Runs of characters between white space.'),
  tokens: t.count("By the model's tokenizer."),
  stretches: t.list(
    'Tokens that windows are cut from: all of the text, or stretches spread evenly over it.',
    t.object('Tokens start up to end, exclusive.', {
      start: t.count('First token.'),
      end: t.count('After the last token.'),
    }),
  ),
  sha256: t.sha256('Of the whole text, UTF-8.'),
})
export type TextRecord = t.Static<typeof TextRecord>

export const ProtocolRecord = t.object('How the text was cut and what counted.', {
  name: t.oneOf('As --protocol takes it.', PROTOCOL_NAMES),
  description: t.text('In a sentence.'),
  prefix_token: t.nullable(t.count('Start token before the text; null where the protocol has none.')),
})
export type ProtocolRecord = t.Static<typeof ProtocolRecord>

export const PplTiming = t.object("Wall time of the run's parts.", {
  load_s: t.amount('Weights and kernels.'),
  calibrate_s: t.amount('Finding shifts.'),
  score_s: t.amount('Scoring.'),
  total_s: t.amount('From the start of the command.'),
  tokens_per_s: t.amount('Rows fed, once for each rule, over score_s.'),
  adapter_busy: t.nullable(
    t.share('Share of score_s during which the adapter worked, by its own clock; null where it has none.'),
  ),
})
export type PplTiming = t.Static<typeof PplTiming>

export const PplRecord = t.object(
  'The record of one `asp ppl` run: perplexity of a text by context length and rule, and how far pruned predictions are from dense ones. Nulls stand where a figure does not exist.',
  {
    ...heading(PPL_SCHEMA, 'ppl'),
    status: status(
      "`incomplete` marks a run that was stopped: a context's figures are over the windows scored until then, and later contexts are missing.",
    ),
    date,
    text: TextRecord,
    protocol: ProtocolRecord,
    model: ModelRecord,
    policy: t.object('What decided which tokens are dropped.', {
      name: t.string(
        'Dense where nothing was dropped; adaptive, or the name of a policy of a size; several joined by `+`.',
      ),
      propagate_in_depth: t.nullable(
        t.boolean(
          'Whether a token dropped in one layer is dropped in all after it; null for a checkpoint without interaction weights.',
        ),
      ),
    }),
    definitions: t.dictionary('Of the figures, in words.', t.text()),
    contexts: t.list('Context lengths, as far as they were scored.', ContextRecord),
    environment: EnvironmentRecord,
    timing: PplTiming,
    memory: MemoryRecord,
    identity: t.sha256(
      'SHA-256 over identity_parts: runs with the same identity may be compared request by request.',
    ),
    identity_parts: t.described('The parts of `identity`, each pooled over the tasks.', IdentityParts),
    seed: t.integer('Seed of everything random in the run.'),
    limit: t.nullable(t.count('Tokens of text scored at most at each context length; null for all.')),
    batch_tokens: t.count('Most token positions in one batch.'),
    command,
  },
)
export type PplRecord = t.Static<typeof PplRecord>
