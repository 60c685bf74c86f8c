/** The record of one `asp bench` run, `asp.bench/1`: what tables, CSV and comparisons are made from. */

import {
  command,
  date,
  dtype,
  EnvironmentRecord,
  heading,
  laterSettings,
  SizedRecord,
  status,
  storedDtype,
  weightsKind,
} from '../common.js'
import * as t from '../define.js'
import { BENCH_SCHEMA } from '../kinds.js'

export const BenchModel = t.object('What was run.', {
  id: t.string('Hub id, bundled name, folder name, or `random:` and a size.'),
  source: t.oneOf('`random`: seeded random weights, good for speed and memory only.', [
    'bundled',
    'folder',
    'hub',
    'random',
  ]),
  revision: t.nullable(t.string('Commit on the Hub.')),
  sha256: t.nullable(t.sha256('Of the weight files; null for random weights.')),
  parameters: t.positive('Weights, the tied head counted once.'),
  bytes: t.positive('Size of the weights as stored.'),
  stored_dtype: storedDtype('How the weights are stored.'),
  weights_kind: weightsKind,
  config: t.object('Sizes of the model.', {
    vocab_size: t.positive('Rows of the token table.'),
    n_positions: t.positive('Longest context.'),
    n_embd: t.positive('Width.'),
    n_layer: t.positive('Blocks.'),
    n_head: t.positive('Attention heads.'),
    n_inner: t.positive('Width of the MLP.'),
    int_n_embd: t.nullable(t.positive('Width of the interaction projections; null without.')),
    ...laterSettings,
  }),
})
export type BenchModel = t.Static<typeof BenchModel>

export const BenchData = t.object('What the model was fed.', {
  kind: t.oneOf('Bundled text, a file, or seeded random tokens.', ['sample', 'file', 'random']),
  source: t.string('Where it is from.'),
  tokens: t.positive('Tokens that sequences are cut from.'),
  sha256: t.sha256('Of the token ids.'),
  distinct: t.boolean('Whether the sequences of the largest batch share no token of the text.'),
})
export type BenchData = t.Static<typeof BenchData>

export const BenchMethod = t.object('How measuring was done.', {
  clock: t.oneOf('What tokens/s, steps and ratios are computed from.', ['device', 'host']),
  repetitions: t.object('Rounds requested, and measured.', {
    asked: t.positive('Wanted.'),
    done: t.count('Measured.'),
  }),
  warm_up: t.boolean('Whether every configuration was run untimed first.'),
  order: t.string('In which order configurations were measured.'),
  steps_per_submission: t.positive('Tokens generated in one submission.'),
  prefill_chunk: t.positive('Rows of prompts that pass through the model at a time.'),
  delay_s: t.amount('Pause before each test.'),
  max_time_s: t.nullable(t.amount('Seconds the run was to take; null: no limit.')),
  tuned: t.boolean('Whether kernels were chosen by timing them on this adapter.'),
})
export type BenchMethod = t.Static<typeof BenchMethod>

export const BenchCalibration = t.object('How a shift was found.', {
  sample_sparsity: t.share('Share of causal pairs that the shift removes on the sample.'),
  windows: t.count('Windows of the sample.'),
  evaluations: t.list(
    'Shifts that were tried, in order.',
    t.object('A shift.', {
      shift: t.number('Tried.'),
      sparsity: t.share('Share of causal pairs it removed.'),
    }),
  ),
})
export type BenchCalibration = t.Static<typeof BenchCalibration>

export const cacheKind = (description: string) => t.oneOf(description, ['paged', 'slots', 'mask'])

export const BenchConfiguration = t.object('One combination of settings.', {
  id: t.count('Place in the list.'),
  ctx: t.positive('Tokens of the longest sequence; the length its threshold belongs to.'),
  policy: t.string('What decides which tokens are dropped.'),
  drops: t.oneOf(
    '`synthetic`: a hash stands in for weights that were never trained; `policy`: a policy of a size.',
    ['none', 'learned', 'synthetic', 'policy'],
  ),
  sparsity: t.nullable(
    t.number('Share of context to remove; null: none was requested.', { minimum: 0, exclusiveMaximum: 1 }),
  ),
  threshold_shift: t.nullable(t.number('Added to every drop score.')),
  sized: t.nullable(
    SizedRecord,
    'Of a policy of a size, which is counted so that S_pair at `ctx` is nearest to the requested share.',
  ),
  calibration: t.nullable(BenchCalibration, 'How the shift was found; null: it was not searched.'),
  batch: t.nullable(
    t.positive('Sequences at a time; null where the largest was requested and is not known.'),
  ),
  batch_asked: t.anyOf('As typed.', t.positive(), t.literal('max')),
  dtype: dtype('How weights are held.'),
  cache: cacheKind('How keys and values are kept.'),
  cache_dtype: dtype('How keys and values are stored.'),
  baseline: t.nullable(t.count('The dense configuration it is compared with.')),
  needs_bytes: t.nullable(
    t.amount(
      'Weights, activations and cache at `ctx` by the plan; of a numbered batch as if nothing were dropped.',
    ),
  ),
  has_bytes: t.nullable(t.amount('What the adapter has; null when it does not say.')),
})
export type BenchConfiguration = t.Static<typeof BenchConfiguration>

export const Figure = t.object('A median, and an interval that holds it with `confidence`.', {
  median: t.number('Median of the repetitions.'),
  low: t.number('Lower end of an interval of the median, from order statistics.'),
  high: t.number('Upper end.'),
  confidence: t.share('Chance that such an interval holds the median.'),
  enough: t.boolean('Whether there are enough repetitions for 95 %; else the interval is the whole range.'),
})
export type Figure = t.Static<typeof Figure>

export const BenchSample = t.object('One repetition.', {
  round: t.count('From 0; samples of one round were taken close together.'),
  device_s: t.nullable(t.number("By the device's clock.")),
  host_s: t.number("By the host's clock."),
  first_token_s: t.amount('Host seconds from submitting what precedes generation to having the first token.'),
  rss_bytes: t.count('Resident memory of the process after it.'),
  cpu_s: t.number(
    "Processor time of this process; on the CPU and on a software adapter the device's work too.",
  ),
})
export type BenchSample = t.Static<typeof BenchSample>

export const BenchNoise = t.object(
  'An A/A run: the same test of the same configuration once more each round, as if it were another configuration.',
  {
    samples: t.list('Of the second run, by round.', BenchSample),
    ratio: t.number(
      "Geometric mean of its seconds over those of the result's own samples, round by round, by the method's clock.",
      { exclusiveMinimum: 0 },
    ),
    floor: t.nullable(
      t.amount(
        "The far end of that ratio's 95 % interval, as a share above 1; null with fewer than two rounds.",
      ),
    ),
  },
)
export type BenchNoise = t.Static<typeof BenchNoise>

export const BenchCache = t.object('Bytes of keys, values and interaction keys, all layers and sequences.', {
  peak_bytes: t.count('Most that was allocated after any submission of the test.'),
  allocated_bytes: t.count('On the device when the test ends.'),
  held_bytes: t.count('In pages or slots that belong to a sequence.'),
  live_bytes: t.count('In rows that a query may still see.'),
  live_ratio: t.nullable(t.amount("Live bytes of a sequence over the baseline's.")),
  dropped: t.share('Share of tokens dropped when the test ends, mean over layers and sequences.'),
})
export type BenchCache = t.Static<typeof BenchCache>

export const BenchResult = t.object('One test of one configuration.', {
  configuration: t.count('`id` of the configuration.'),
  test: t.string("llama-bench's name, such as `tg128 @ d512`."),
  prompt: t.count('Prompt tokens timed.'),
  gen: t.count('Tokens generated.'),
  depth: t.count('Tokens in the cache beforehand.'),
  status: t.oneOf('`not run`: the run was stopped before.', ['measured', 'does not fit', 'not run']),
  reason: t.nullable(t.string('Why it does not fit.')),
  tokens: t.count('Of one repetition, all sequences together.'),
  samples: t.list('Every repetition.', BenchSample),
  tokens_per_s: t.nullable(Figure, 'By `method.clock`.'),
  host_tokens_per_s: t.nullable(Figure, "By the host's clock."),
  step_s: t.nullable(Figure, 'Seconds of one step of the whole batch; of tests that only generate.'),
  first_token_s: t.nullable(Figure, "Time to first token, host's clock."),
  speedup: t.nullable(Figure, "Tokens/s over the baseline's, round by round."),
  cpu_speedup: t.nullable(
    Figure,
    'The same by processor time of this process: on a busy machine with the CPU or a software adapter the steadier of the two.',
  ),
  busy: t.nullable(t.share("Share of the host's time during which the adapter worked.")),
  noise: t.nullable(
    BenchNoise,
    'What two identical configurations differ by; null unless noise was measured (--noise).',
  ),
  cache: t.nullable(BenchCache, 'Keys, values and interaction keys; of the last repetition.'),
  stages: t.nullable(
    t.object('Device seconds by stage, from a separate run.', {
      projections: t.number('Queries, keys, values, output and interaction projections.'),
      scores: t.number('Drop decisions.'),
      attention: t.number('Attention.'),
      cache: t.number('Upkeep of the cache.'),
      mlp: t.number('MLP and norms.'),
      head: t.number('Output head and choice of the token.'),
    }),
  ),
  stage_tokens: t.nullable(t.count('Tokens of the run that `stages` was taken in.')),
})
export type BenchResult = t.Static<typeof BenchResult>

export const BenchCurve = t.object(
  'One token at a time, from one token of context to `ctx`; one entry per point.',
  {
    configuration: t.count('`id` of the configuration.'),
    step: t.positive('Tokens of a submission.'),
    interleaved_with: t.list('Configurations that took turns with it.', t.count()),
    lengths: t.list('Tokens of a sequence after each step.', t.positive()),
    device_s: t.nullable(
      t.list('Seconds of one step of the whole batch; null where the device has no clock.', t.amount()),
    ),
    host_s: t.list("The same by the host's clock, waiting for every submission.", t.amount()),
    allocated_bytes: t.list('Of the cache, on the device.', t.count()),
    held_bytes: t.list('In pages or slots of a sequence.', t.count()),
    live_bytes: t.list('In rows that a query may see.', t.count()),
    live_ratio: t.nullable(
      t.list("Live bytes of a sequence over the baseline's at the same length.", t.amount()),
    ),
  },
)
export type BenchCurve = t.Static<typeof BenchCurve>

export const BenchTiming = t.object(
  "Where the run's own time went, seconds; nothing but `measure_s` is in the figures.",
  {
    tokenize_s: t.amount('Reading and tokenising text.'),
    load_s: t.amount('Loading weights.'),
    calibrate_s: t.amount('Finding thresholds.'),
    warm_up_s: t.amount('Planning what fits, compiling, warming up.'),
    measure_s: t.amount('The rounds.'),
    curve_s: t.amount('The curves.'),
    stages_s: t.amount('The split by stage.'),
    total_s: t.amount('All of it.'),
  },
)
export type BenchTiming = t.Static<typeof BenchTiming>

export const BenchMemory = t.object('Memory of the whole run, bytes.', {
  peak_bytes: t.count('Largest sum of GPU buffers.'),
  peak_by_purpose: t.dictionary('Largest size of each purpose on its own.', t.count()),
  weights_bytes: t.count('Weights on the device.'),
  host_peak_rss_bytes: t.count(
    'Largest resident memory of the process; holds device buffers too on the CPU and on a software adapter.',
  ),
})
export type BenchMemory = t.Static<typeof BenchMemory>

export const BenchRecord = t.object(
  "The record of one `asp bench` run. Tests have llama-bench's names; every repetition is kept.",
  {
    ...heading(BENCH_SCHEMA, 'bench'),
    status: status(
      '`incomplete` marks a run that was stopped: its figures are over what was measured until then.',
    ),
    date,
    model: BenchModel,
    data: BenchData,
    method: BenchMethod,
    configurations: t.list(
      'Every combination of settings; `id` is the place in this list.',
      BenchConfiguration,
    ),
    results: t.list('One entry per test of a configuration.', BenchResult),
    curves: t.list('Latency and memory token by token, one entry per configuration.', BenchCurve),
    environment: EnvironmentRecord,
    timing: BenchTiming,
    memory: BenchMemory,
    notes: t.list('What was chosen, left out or found odd, in words.', t.string()),
    seed: t.integer('Of random weights and tokens, and of the calibration sample.'),
    command,
  },
)
export type BenchRecord = t.Static<typeof BenchRecord>
