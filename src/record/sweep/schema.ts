/**
 * The record of a sweep, `asp.sweep/1`: every policy at every sparsity, with the whole records of the runs it is made of, so that
 * whatever reads those also reads a sweep.
 */

import { BenchRecord } from '../bench/schema.js'
import { command, date, EnvironmentRecord, heading, IdentityParts, ModelRecord, status } from '../common.js'
import * as t from '../define.js'
import { EvalRecord } from '../eval/schema.js'
import { SWEEP_SCHEMA } from '../kinds.js'
import { CACHE_SOURCES, SWEEP_PARTS } from '../names.js'
import { PplRecord } from '../ppl/schema.js'

export const SweepCell = t.object('One policy at one sparsity.', {
  id: t.text('`dense`, or `<policy>-<sparsity>`.'),
  policy: t.string('What decides which tokens are dropped.'),
  sparsity: t.share('Share of causal pairs requested; 0 for the dense model.'),
  stands_for: t.list('Policies whose sparsity 0 is this cell, which is run once.', t.text()),
  eval: t.nullable(
    EvalRecord,
    'The record of the suites; null until it is started, where no suite was requested, and where it is refused.',
  ),
  refused: t.list(
    'Parts that this cell is not in.',
    t.object('One part.', {
      part: t.oneOf('Which part.', SWEEP_PARTS),
      reason: t.text('Why: a policy cannot remove more than some share of short sequences.'),
    }),
  ),
})
export type SweepCell = t.Static<typeof SweepCell>

export const FrontierPoint = t.object('One cell of a frontier.', {
  cell: t.text('Id of the cell.'),
  quality: t.number('Value of the metric.'),
  quality_stderr: t.nullable(t.amount('Of the quality alone, not of differences; null where there is none.')),
  cache_bytes: t.nullable(t.amount('Of one sequence, all layers.')),
  latency_s: t.nullable(t.amount('Seconds of one step of decoding, median.')),
  off_level: t.optional(
    t.boolean('Whether a suite of its quality is more than 0.01 from the requested sparsity.'),
  ),
  on_frontier: t.boolean('No other point dominates it.'),
  dominated_by: t.list(
    'Points that are at least as good in every objective and better in one by more than the 95 % interval of the paired difference.',
    t.text(),
  ),
  within_noise_of: t.list(
    'Points that would dominate it by their figures alone, but whose lead is within the interval.',
    t.text(),
  ),
})
export type FrontierPoint = t.Static<typeof FrontierPoint>

export const Objective = t.oneOf('What points are compared in, the best ones first.', [
  'quality',
  'cache',
  'latency',
])
export type Objective = t.Static<typeof Objective>

export const SweepQuality = t.object('What is to be good.', {
  kind: t.oneOf("One task's first metric, the mean of several tasks', or the loss on running text.", [
    'task',
    'mean',
    'perplexity',
  ]),
  name: t.text('The task, what the mean is over, or the text.'),
  metric: t.text('Name of the figure.'),
  higher_is_better: t.boolean('Whether more of it is better.'),
})
export type SweepQuality = t.Static<typeof SweepQuality>

export const SweepFrontier = t.object('Points of one quality and what they cost.', {
  quality: SweepQuality,
  objectives: t.list('What points are compared in.', Objective),
  ctx: t.nullable(
    t.count("Tokens of context the costs belong to; null where they are those of the suites' own requests."),
  ),
  cache_source: t.nullable(
    t.oneOf(
      'Where bytes of the cache are from: measured by asp bench, or keys alive at the ends of windows or requests times the bytes of a key.',
      CACHE_SOURCES,
    ),
  ),
  points: t.list('In the order of the cells.', FrontierPoint),
  note: t.text('What is compared and what is not, in words.'),
})
export type SweepFrontier = t.Static<typeof SweepFrontier>

export const CriticalFootprint = t.object(
  'The smallest KV footprint from which upward a policy keeps a share of what the dense model scores (docs/sweep.md, The critical footprint).',
  {
    kept: t.share('The share.'),
    footprint: t.share('By linear interpolation between the measured footprints around it.'),
    at_most: t.boolean(
      'Whether even the smallest measured footprint keeps the share, so that `footprint` is that one.',
    ),
    low: t.nullable(
      t.share(
        'Lower end of its 95 % interval; where that is the smallest measured footprint, it may be lower. Null with fewer than two documents or windows.',
      ),
    ),
    high: t.nullable(t.share('Upper end.')),
  },
)
export type CriticalFootprint = t.Static<typeof CriticalFootprint>

export const CriticalPolicy = t.object('One policy.', {
  policy: t.text('Its name.'),
  points: t.list(
    'What was measured of it, in the order of the cells.',
    t.object('One cell.', {
      cell: t.text('Id of the cell.'),
      footprint: t.share('KV footprint.'),
      kept: t.number('Share of what the dense model scores.'),
    }),
  ),
  critical: t.list('By the share that is kept.', CriticalFootprint),
})
export type CriticalPolicy = t.Static<typeof CriticalPolicy>

export const SweepCritical = t.object('Critical footprints by one quality.', {
  quality: SweepQuality,
  chance: t.nullable(
    t.share(
      'What is kept is counted above this score, that of guessing; null where it is the likelihood that is kept, dense perplexity / own.',
    ),
  ),
  dense: t.number('What the dense model scores.'),
  reason: t.nullable(t.text('Why there are no figures; null where there are.')),
  policies: t.list('In the order of the cells; empty where there is a reason.', CriticalPolicy),
})
export type SweepCritical = t.Static<typeof SweepCritical>

export const SweepTiming = t.object(
  'Seconds of the runs the record is made of; what an interrupted one had taken before it was resumed is not among them.',
  {
    load_s: t.amount('Weights and kernels.'),
    eval_s: t.amount('Suites, calibration included.'),
    ppl_s: t.amount('Perplexity, calibration included.'),
    bench_s: t.amount('Memory and latency.'),
    total_s: t.amount('All of it.'),
    estimated_s: t.amount('Estimate of `total_s` before anything was measured.'),
  },
)
export type SweepTiming = t.Static<typeof SweepTiming>

export const SweepGrid = t.object('What was requested.', {
  parts: t.list('What is measured at each point.', t.oneOf('Which part.', SWEEP_PARTS)),
  suites: t.list('Suites that are scored, groups spelled out.', t.text()),
  policies: t.list('In the order they were named.', t.text()),
  sparsities: t.list('Shares of causal pairs to remove.', t.share()),
  contexts: t.list('Context lengths of perplexity, memory and latency, in tokens.', t.count()),
})
export type SweepGrid = t.Static<typeof SweepGrid>

export const SweepRecord = t.object(
  'The record of one `asp sweep` run: policies and sparsities over suites, perplexity, memory and latency, with the whole records of the runs it is made of and the Pareto frontiers over them. Nulls stand where a figure does not exist.',
  {
    ...heading(SWEEP_SCHEMA, 'sweep'),
    status: status(
      '`incomplete` marks a sweep that was stopped or is under way: cells and parts that are not done are null or incomplete themselves.',
    ),
    date,
    grid: SweepGrid,
    model: ModelRecord,
    cells: t.list('The dense model first where it is in the grid, then policy by policy.', SweepCell),
    ppl: t.nullable(PplRecord, 'Perplexity of all cells at all context lengths; null until there is one.'),
    bench: t.nullable(
      BenchRecord,
      'Memory and latency of the cells that decoding can do; null until there is one.',
    ),
    frontiers: t.list(
      'One for each quality and set of objectives; the first is the one that tables show.',
      SweepFrontier,
    ),
    critical_footprints: t.optional(
      t.list(
        'For each quality of which a share can be kept: how small a KV footprint policies need for it. Empty without a dense cell.',
        SweepCritical,
      ),
    ),
    environment: EnvironmentRecord,
    timing: SweepTiming,
    identity: t.sha256('Over `identity_parts`: sweeps with the same identity may be compared cell by cell.'),
    identity_parts: t.object('Parts of `identity`.', {
      suites: t.nullable(IdentityParts, 'Of the suites; null where the sweep is without them.'),
      text: t.nullable(IdentityParts, "Of the perplexity's text; null where the sweep is without it."),
    }),
    seed: t.integer('Seed of everything random in the run.'),
    limit: t.nullable(
      t.amount('Documents per task at most (--limit), below 1 a share of them; null for all.'),
    ),
    command,
  },
)
export type SweepRecord = t.Static<typeof SweepRecord>
