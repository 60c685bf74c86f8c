/**
 * The record of an evaluation, `asp.result/1`: what `asp eval` writes and every table reads. Keys that lm-evaluation-harness also
 * writes keep its spelling (docs/lm-eval.md, Output files).
 */

import {
  command,
  date,
  EnvironmentRecord,
  FoundPolicy,
  heading,
  IdentityParts,
  MemoryRecord,
  ModelRecord,
  PolicyRecord,
  RunSparsity,
  SparsityRecord,
  status,
} from '../common.js'
import * as t from '../define.js'
import { EVAL_SCHEMA } from '../kinds.js'
import { CALIBRATION_SCOPES } from '../names.js'

const version = (description?: string) => t.scalar<number | string>(['number', 'string'], description)

/** lm-eval's word for what does not exist is N/A. */
export const Statistic = t.anyOf(
  'A number, or N/A for what does not exist: no standard error, nothing scored, not finite.',
  t.number(),
  t.literal('N/A'),
)
export type Statistic = t.Static<typeof Statistic>

/** With statistics beside its properties, under lm-eval's names for them. */
const withStatistics = <T extends t.TSchema>(schema: T) =>
  t.like<t.Static<T> & { [metric: `${string},none`]: Statistic }>({
    ...schema,
    patternProperties: { '^[A-Za-z0-9_]+,none$': Statistic },
  })

export const GroupResult = withStatistics(
  t.object(
    'The mean of one metric, as `<metric>,none` beside `<metric>_stderr,none`, and `<metric>_clustered_stderr,none` where its tasks are clusters of documents.',
    {
      name: t.text('The group.'),
      alias: t.text('What tables call it.'),
      sample_len: t.count('Documents of all its tasks.'),
      metric: t.text('The metric the mean is over.'),
      weight_by_size: t.boolean('Whether every document counts the same; else every task does.'),
      clustered: t.optional(
        t.boolean('Whether each task is a cluster of documents, drawn from more of its kind.'),
      ),
      note: t.text('What the figure is, in a phrase.'),
    },
  ),
)
export type GroupResult = t.Static<typeof GroupResult>

export const TaskResult = withStatistics(
  t.object(
    'Every metric as `<metric>,none` beside its standard error `<metric>_stderr,none`, and `<metric>_clustered_stderr,none` where documents come in clusters.',
    {
      name: t.text('The task.'),
      alias: t.text('What tables call it.'),
      sample_len: t.count('Documents the metrics are over.'),
    },
  ),
)
export type TaskResult = t.Static<typeof TaskResult>

export const PerDocumentRecord = t.object(
  'The result of each scored document, as columns of equal length in the order of documents: two records are compared document by document without their sample logs.',
  {
    hash: t.list(
      "First 16 hex digits of the document's SHA-256: equal for equal questions, whatever file they came from.",
      t.hash(16),
    ),
    doc_id: t.list('Position in the full split.', t.count()),
    cluster: t.optional(
      t.list(
        'First 16 hex digits of the SHA-256 of what documents have in common, such as their passage; null for one that is alone. Absent where the suite names nothing.',
        t.nullable(t.hash(16)),
      ),
    ),
    metrics: t.dictionary(
      'Of each metric that is a plain mean of verdicts (acc, acc_norm, exact_match): its values, 0 or 1.',
      t.list('By document.', t.like<number>({ enum: [0, 1] })),
    ),
    logprob: t.list(
      'Natural-log probability of the right choice, of the target, or of the whole text.',
      t.number(),
    ),
    recall: t.optional(
      t.object(
        'Of a task whose documents are made on a grid (docs/recall.md): where each stands, and by how much it is right.',
        {
          cells: t.dictionary(
            'By coordinate (length, depth, distance, ...).',
            t.list('By document.', t.number()),
          ),
          choices: t.list('Candidates of each document: one of so many is right by chance.', t.count()),
          margin: t.list(
            'Log-probability of the right candidate less that of the likeliest other, nats.',
            t.number(),
          ),
          sparsity: t.list(
            'Share of causal pairs removed of the request with the right candidate, averaged over layers.',
            t.share(),
          ),
          kv_footprint: t.optional(
            t.list('KV footprint of the same request (docs/method.md, Footprint).', t.share()),
          ),
          kv_peak: t.optional(t.list('KV peak of the same request, where it is known of all.', t.share())),
        },
      ),
    ),
    units: t.nullable(
      t.object('What perplexities of whole texts spread `logprob` over; null unless rolling.', {
        words: t.list('Words of each text.', t.count()),
        bytes: t.list('UTF-8 bytes of each text.', t.count()),
      }),
    ),
  },
)
export type PerDocumentRecord = t.Static<typeof PerDocumentRecord>

export const ReferenceScore = t.object('A published score of a named model.', {
  model: t.text('Model id the score belongs to.'),
  metric: t.text('Metric name as in results.'),
  value: t.number("The score, in the metric's own unit."),
  source: t.string('Where it was published.'),
})
export type ReferenceScore = t.Static<typeof ReferenceScore>

export const DataOrigin = t.object('Where the documents came from.', {
  kind: t.oneOf(
    '`sample`: the items bundled with asp; `file`: --data; `hub`: the dataset at a pinned revision; `generated`: made by a seed.',
    ['sample', 'file', 'hub', 'generated'],
  ),
  source: t.text(
    'Hub repository, file path, where a bundled sample was drawn from, or the suite whose items were made.',
  ),
  revision: t.nullable(t.string('Revision of the source, when it has one.')),
  split: t.string('Split of the dataset.'),
  rows: t.count('Rows loaded.'),
  total: t.nullable(t.count('Rows in the whole split; null when unknown.')),
  sha256: t.nullable(t.sha256('Of the file the rows were read from.')),
  note: t.nullable(t.string('What a reader should know, such as the licence.')),
})
export type DataOrigin = t.Static<typeof DataOrigin>

export const Output = t.oneOf(
  'What is asked of the model: choices, the log-probability of a target, or of a whole text.',
  ['multiple_choice', 'loglikelihood', 'loglikelihood_rolling'],
)
export type Output = t.Static<typeof Output>

export const TaskRecord = t.object('What was scored of one task.', {
  suite: t.object('What makes two runs the same test.', {
    version: version('Version of the suite file.'),
    protocol: t.string('The rules the suite follows, by name; empty where its file names none.'),
    output: Output,
  }),
  data: DataOrigin,
  documents: t.count('Documents chosen for the run, after --limit.'),
  documents_scored: t.count('Documents scored whole; fewer than `documents` only in an incomplete record.'),
  requests: t.count('(context, continuation) pairs scored.'),
  chance: t.optional(
    t.nullable(
      t.share(
        'Share of documents that guessing among the choices gets right; null where there are no choices, or nothing was scored.',
      ),
    ),
  ),
  tokens_scored: t.count('Input tokens of all requests, each counted whole as if nothing were shared.'),
  tokens_run: t.count('Token positions the model really ran, once what requests share is run once.'),
  policy: t.optional(
    t.described(
      "How this task's context was pruned; early records have it of the whole run alone.",
      FoundPolicy,
    ),
  ),
  sparsity: SparsityRecord,
  per_document: PerDocumentRecord,
  identity: t.sha256("SHA-256 over this task's data, requests, protocol and model."),
  samples: t.nullable(
    t.string('File name of the per-request log beside this record; null when none was requested.'),
  ),
  reference: t.list('Published scores of named models on the whole split.', ReferenceScore),
  identity_parts: t.described('The parts of `identity`.', IdentityParts),
})
export type TaskRecord = t.Static<typeof TaskRecord>

export const ShardRecord = t.object(
  'The share of the run this record holds; null for a whole run, merged or not.',
  {
    index: t.positive('Number of the share, from 1.'),
    count: t.positive('Shares in all.'),
  },
)
export type ShardRecord = t.Static<typeof ShardRecord>

export const TimingRecord = t.object("Wall time of the run's parts.", {
  load_s: t.amount('Data, tokenizer and weights, seconds.'),
  calibrate_s: t.amount('Finding the threshold shift, seconds.'),
  score_s: t.amount('Scoring requests, seconds.'),
  total_s: t.amount('From the start of the run to this record, seconds.'),
  tokens_per_s: t.amount('Sum of tokens_scored over score_s; 0 when nothing was scored.'),
  requests_per_s: t.amount('Requests over score_s; 0 when nothing was scored.'),
  adapter_busy: t.nullable(
    t.share('Share of score_s during which the adapter worked, by its own clock; null where it has none.'),
  ),
})
export type TimingRecord = t.Static<typeof TimingRecord>

export const EvalRecord = t.object(
  'The record of one `asp eval` run. Keys that lm-evaluation-harness also writes (results, n-samples, versions, n-shot, higher_is_better, date) have its spelling and meaning.',
  {
    ...heading(EVAL_SCHEMA, 'eval'),
    status: status(
      '`incomplete` marks a run that was stopped: its figures are over the documents scored until then.',
    ),
    date,
    results: t.dictionary('Metrics by task.', TaskResult),
    groups: t.dictionary(
      'Figures of the groups of tasks that were named, as a mean over their tasks.',
      GroupResult,
    ),
    group_subtasks: t.dictionary('Tasks of every such group.', t.list('Their names.', t.text())),
    'n-samples': t.dictionary(
      'Documents by task.',
      t.object('Of one task.', {
        original: t.count('Documents in the whole split (in the loaded rows when that is unknown).'),
        effective: t.count('Documents the metrics are over.'),
      }),
    ),
    versions: t.dictionary("Version of each task's protocol.", version()),
    'n-shot': t.dictionary('Worked examples shown before each document, by task.', t.count()),
    higher_is_better: t.dictionary('By task, then by metric.', t.dictionary('By metric.', t.boolean())),
    tasks: t.dictionary('What was scored, by task.', TaskRecord),
    model: ModelRecord,
    policy: t.described(
      'How the context was pruned. What was found for each task is with the task; here it is null, or left out of the parameters, unless all tasks share it.',
      PolicyRecord,
    ),
    calibrated: t.optional(
      t.nullable(
        t.oneOf(
          'Over what --sparsity is reached: `suite`, over the requests of each suite separately, or `pooled`, over all requests of the run together, as in records that lack this; null where no share was requested.',
          CALIBRATION_SCOPES,
        ),
      ),
    ),
    sparsity: RunSparsity,
    environment: EnvironmentRecord,
    timing: TimingRecord,
    memory: MemoryRecord,
    identity: t.sha256(
      'SHA-256 over identity_parts: runs with the same identity may be compared request by request.',
    ),
    identity_parts: t.described('The parts of `identity`, each pooled over the tasks.', IdentityParts),
    seed: t.integer('Seed of everything random in the run.'),
    limit: t.nullable(
      t.amount('Documents per task at most (--limit), below 1 a share of them; null for all.'),
    ),
    batch_tokens: t.count('Most token positions in one batch.'),
    command,
    shard: t.nullable(ShardRecord),
  },
)
export type EvalRecord = t.Static<typeof EvalRecord>
