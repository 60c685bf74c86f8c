/** What a training run writes: its record `asp.train/1` (train.json) and the lines of its log (train-log.jsonl). */

import {
  command,
  date,
  dtype,
  EnvironmentRecord,
  heading,
  MemoryRecord,
  status,
  TextSourceRecord,
  tokenizerSource,
  weightsKind,
} from '../common.js'
import * as t from '../define.js'
import { TRAIN_LOG_SCHEMA, TRAIN_SCHEMA } from '../kinds.js'
import { GAMMA_CONVENTIONS } from '../names.js'
import { PplSparsity } from '../ppl/schema.js'

export const EvalRule = t.object('One rule on the held-out windows.', {
  rule: t.oneOf(
    'dense drops nothing; step is what decoding does, soft what training sees; local and strided are controls.',
    ['dense', 'step', 'soft', 'local', 'strided'],
  ),
  alpha: t.nullable(t.number('Of a soft rule.')),
  nll: t.number('Negative log-likelihood per token, nats.'),
  nll_stderr: t.nullable(t.number('Of `nll`, windows as units; null with one window.')),
  perplexity: t.nullable(t.number('exp of `nll`; null where it is not finite.')),
  sparsity: t.nullable(PplSparsity, 'What was dropped; null for the dense rule.'),
})
export type EvalRule = t.Static<typeof EvalRule>

export const EvalFigures = t.object('Held-out text at one context length.', {
  ctx: t.count('Tokens of a window.'),
  windows: t.count('Windows.'),
  tokens: t.count('Predicted tokens.'),
  rules: t.list('The dense rule first.', EvalRule),
})
export type EvalFigures = t.Static<typeof EvalFigures>

export const RuleOptionRecord = t.object('Which keys a query sees.', {
  kind: t.oneOf('The method that teaches it; dense, local and strided are controls.', [
    'dense',
    'adaptive',
    'kvzap',
    'trimkv',
    'selective',
    'local',
    'strided',
  ]),
  tokens: t.nullable(t.count('Window of local, stride of strided.')),
})
export type RuleOptionRecord = t.Static<typeof RuleOptionRecord>

export const AlphaSchedule = t.anyOf(
  'Alpha by the steps taken.',
  t.object('The same in every step.', {
    kind: t.literal('constant', 'Of the schedule.'),
    value: t.number('Alpha.'),
  }),
  t.object('From one value to another, which it then keeps.', {
    kind: t.oneOf('Of the schedule.', ['linear', 'cosine']),
    from: t.number('Alpha at the first step.'),
    to: t.number('Alpha from step `over` on.'),
    over: t.count('Steps from the one to the other.'),
  }),
)
export type AlphaSchedule = t.Static<typeof AlphaSchedule>

export const RateSchedule = t.anyOf(
  'Learning rate by the steps taken: linear over the warm-up, then by its kind.',
  t.object('The same after the warm-up.', {
    kind: t.literal('constant', 'Of the schedule.'),
    rate: t.number('After the warm-up.'),
    warmup: t.count('Steps.'),
  }),
  t.object('Down along a cosine.', {
    kind: t.literal('cosine', 'Of the schedule.'),
    rate: t.number('After the warm-up.'),
    warmup: t.count('Steps.'),
    final: t.share('Share of the rate at step `over`, and after it.'),
    over: t.count('Step at which it ends.'),
  }),
)
export type RateSchedule = t.Static<typeof RateSchedule>

export const TrainRunOptions = t.object(
  'Everything that decides the weights, besides the starting checkpoint and the data.',
  {
    rule: RuleOptionRecord,
    gamma: t.nullable(
      t.number('Weight of the sparsity loss as typed; null for a control and where nothing fades.'),
    ),
    gamma_convention: t.nullable(
      t.oneOf(
        "What gamma is times: the mean over pairs, or half of it as the paper's code counts; null for a control.",
        GAMMA_CONVENTIONS,
      ),
    ),
    gamma_weight: t.number('Weight of the mean of I over learnable pairs in the loss.'),
    alpha: t.nullable(AlphaSchedule, 'Alpha by the steps taken; null for a control.'),
    rate: RateSchedule,
    rate_interaction: t.nullable(
      t.number(
        'After the warm-up, of the interaction weights; by the same schedule; null where it is that of the others.',
      ),
    ),
    ctx: t.count('Tokens of a sequence.'),
    batch_tokens: t.count('Tokens of a step.'),
    int_dim: t.nullable(t.count('r, width of interaction queries and keys; null for a control.')),
    beta: t.nullable(
      t.number(
        'Beta of new interaction weights, or bias of new gates; null for a control and where the checkpoint brought its own.',
      ),
    ),
    propagate_in_depth: t.nullable(
      t.boolean('A token dropped in a layer is dropped in all later ones; null for a control.'),
    ),
    grace: t.optional(
      t.nullable(t.count('Of the tokens after one, how many do not drop it; null for none.')),
    ),
    window: t.optional(t.nullable(t.count('Positions before a key may die, of kvzap; null for any other.'))),
    threshold: t.optional(
      t.nullable(t.number('Log of attention below which a key dies, of kvzap; null for any other.')),
    ),
    trainable: t.oneOf('What learns: everything, or what decides about dropping.', ['all', 'interaction']),
    distill: t.share('Share of the divergence from the dense teacher in the loss.'),
    shift_range: t.nullable(
      t.pair(
        'Bounds of the threshold shift that each sequence gets, 0 for a quarter of them; null for none.',
        t.number(),
      ),
    ),
    optimiser: t.object('AdamW.', {
      beta1: t.number('Of the first moment.'),
      beta2: t.number('Of the second moment.'),
      epsilon: t.number('Below the fraction.'),
      weight_decay: t.number('Times the rate, on matrices and tables only.'),
      clip: t.nullable(t.number('Largest norm of all gradients together; null for no limit.')),
    }),
    seed: t.count('Of new weights, order and shifts.'),
  },
)
export type TrainRunOptions = t.Static<typeof TrainRunOptions>

export const TrainDataRecord = t.object('What was trained on.', {
  sources: t.list('In the order they were named.', TextSourceRecord),
  column: t.text('Field of rows that holds the text.'),
  documents: t.count('Each begins with the start token.'),
  characters: t.nullable(t.count('UTF-16 units; null of token shards.')),
  tokens: t.count('Of the whole text.'),
  windows: t.count('Windows of ctx tokens that are trained on.'),
  sha256: t.sha256('Over the tokens of those windows.'),
  held_out: t.object('The held-out text.', {
    kind: t.oneOf('Windows of the same text, or separate text.', ['split', 'text']),
    sources: t.list('Where it is from.', TextSourceRecord),
    tokens: t.count('Kept aside.'),
    sha256: t.sha256('Over those tokens.'),
  }),
})
export type TrainDataRecord = t.Static<typeof TrainDataRecord>

export const TrainSourceRecord = t.object('What training started from.', {
  id: t.text('Hub id, folder name, bundled name, or sizes of random weights.'),
  source: t.oneOf('Where it was read from; scratch is random weights.', [
    'bundled',
    'folder',
    'hub',
    'scratch',
  ]),
  revision: t.nullable(t.string('Commit of a Hub model.')),
  sha256: t.nullable(t.sha256('Of the weight files; null for random weights.')),
  tokenizer_sha256: t.sha256("Of the tokenizer's file or files."),
  weights_kind: weightsKind,
  tokenizer_source: tokenizerSource,
  parameters: t.count('Weights it came with.'),
})
export type TrainSourceRecord = t.Static<typeof TrainSourceRecord>

export const StepLine = t.object('A step as the log has it.', {
  kind: t.literal('step', 'Of the line.'),
  step: t.count('Steps taken, this one among them.'),
  tokens: t.count('Trained on so far.'),
  loss: t.number('What was descended; of kvzap the mean squared error of the log of attention.'),
  cross_entropy: t.number('Nats a predicted token.'),
  divergence: t.nullable(t.number('KL(teacher || student), nats a predicted token; null without a teacher.')),
  pair_mean: t.nullable(t.number('Mean of I over learnable pairs and layers; null for a control.')),
  pair_means: t.nullable(t.list('The same of each layer.', t.number())),
  alpha: t.nullable(t.number('Of the step; null for a control.')),
  rate: t.number('Of the step.'),
  gradient_norm: t.amount('Of all gradients together, before clipping.'),
  tokens_per_second: t.amount('By the wall clock.'),
  seconds: t.amount('Wall time.'),
  device_seconds: t.nullable(t.amount("By the device's clock; null where it has none.")),
})
export type StepLine = t.Static<typeof StepLine>

export const EvalLine = t.object('An evaluation as the log has it.', {
  kind: t.literal('eval', 'Of the line.'),
  step: t.count('Steps taken before it.'),
  ...EvalFigures.properties,
  seconds: t.amount('Wall time.'),
})
export type EvalLine = t.Static<typeof EvalLine>

export const RunLine = t.object('The first line of a log.', {
  kind: t.literal('run', 'Of the line.'),
  schema: t.literal(TRAIN_LOG_SCHEMA, 'Name and version of the log.'),
  options: TrainRunOptions,
  micro_tokens: t.count('Tokens worked on at a time.'),
  source: TrainSourceRecord,
  data: TrainDataRecord,
  date,
  environment: EnvironmentRecord,
  command,
})
export type RunLine = t.Static<typeof RunLine>

export type LogLine = RunLine | StepLine | EvalLine

export const TrainRecord = t.object(
  'The record of one training by `asp finetune` or `asp train`, train.json; $defs has the lines of its log, train-log.jsonl, as well. Nulls stand where a figure does not exist.',
  {
    ...heading(TRAIN_SCHEMA, 'train'),
    status: status('`incomplete` marks a run that was stopped: its weights are in its last training state.'),
    date,
    options: TrainRunOptions,
    micro_tokens: t.count('Tokens worked on at a time.'),
    source: TrainSourceRecord,
    data: TrainDataRecord,
    steps: t.object('Updates of the weights.', {
      planned: t.count('Asked for.'),
      taken: t.count('Done.'),
    }),
    tokens: t.count('Trained on.'),
    last: t.nullable(
      t.object('Means over the last steps; null before the first.', {
        steps: t.count('How many.'),
        loss: t.number('What was descended.'),
        cross_entropy: t.number('Nats a predicted token.'),
        pair_mean: t.nullable(t.number('Mean of I over learnable pairs; null for a control.')),
        tokens_per_second: t.amount('By the wall clock.'),
      }),
    ),
    speed: t.nullable(
      t.object('Beside the fastest multiply-adds a shader gets from the adapter; null while incomplete.', {
        flops_per_token: t.amount('Of the products of a step, forward and backward.'),
        peak_flops: t.amount('Operations a second.'),
        of_peak: t.amount('Share of it that the last steps reached.'),
      }),
    ),
    evaluations: t.list(
      'During training, at the context length of training.',
      t.object('Held-out text after some steps.', {
        step: t.count('Steps taken before it.'),
        ...EvalFigures.properties,
      }),
    ),
    final: t.list('Of the written checkpoint, by context length; empty while incomplete.', EvalFigures),
    checkpoint: t.nullable(
      t.object('What was written; null while incomplete.', {
        folder: t.text('As named.'),
        dtype: dtype('How weights are kept.'),
        parameters: t.count('Weights.'),
        bytes: t.count('Of the weight file.'),
        sha256: t.sha256('Of the weight file.'),
      }),
    ),
    environment: EnvironmentRecord,
    timing: t.object('Wall time of the process that wrote the record, without the parts before a --resume.', {
      total_s: t.amount('From the opening of the trainer.'),
      train_s: t.amount('Steps.'),
      evaluate_s: t.amount('Held-out text.'),
      save_s: t.amount('Training states and the checkpoint.'),
    }),
    memory: MemoryRecord,
    command,
  },
)
export type TrainRecord = t.Static<typeof TrainRecord>
