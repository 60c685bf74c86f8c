/** The record of `asp compare`, `asp.compare/1`: what tables, pull-request comments and test reports are made from. */

import { command, heading, moment } from '../common.js'
import * as t from '../define.js'
import { COMPARE_SCHEMA } from '../kinds.js'

const verdict = (description: string) => t.oneOf(description, ['better', 'same', 'worse', 'inconclusive'])
export type Verdict = t.Static<ReturnType<typeof verdict>>

export const Scale = t.oneOf('How changes are written: new minus base, or new over base minus 1.', [
  'difference',
  'ratio',
])
export type Scale = t.Static<typeof Scale>

export const Method = t.oneOf('By what p and interval were computed.', [
  'exact McNemar, score interval',
  'paired t, bootstrap interval',
  'paired t',
  'paired t and exact McNemar, bootstrap interval',
  'paired t over clusters',
  'paired t over clusters and exact McNemar',
  'rounds beyond the noise floor',
  'size alone',
  'none',
])
export type Method = t.Static<typeof Method>

export const ComparedRecord = t.object('A record that was compared.', {
  file: t.string('Where it was read from.'),
  schema: t.string('Format of the record.'),
  date: moment('Start of its run, Unix time in seconds.'),
  settings: t.dictionary(
    'What may differ between records that are compared: model, policy, sparsity, versions, adapter.',
    t.string(),
  ),
})
export type ComparedRecord = t.Static<typeof ComparedRecord>

export const ComparedMetric = t.object('One metric of one task.', {
  cell: t.string('Point of a sweep; empty in other records.'),
  task: t.string('Suite, or what was measured.'),
  metric: t.string('Name of the metric.'),
  higher_is_better: t.boolean('Which way is better.'),
  base: t.nullable(t.number('Value in the base; null where it, or a score it is made of, is not finite.')),
  new: t.nullable(t.number('Value in the other record; null as in the base.')),
  scale: Scale,
  change: t.nullable(t.number('On `scale`; null where one of the values is.')),
  low: t.nullable(
    t.number(
      'Lower end of the interval of `change`; null where one unit, or none, tells nothing of the spread.',
    ),
  ),
  high: t.nullable(t.number('Upper end of that interval.')),
  method: Method,
  n: t.count('Documents, windows or rounds.'),
  discordant: t.nullable(
    t.object('Documents only one of the two got right; null where there are no right and wrong ones.', {
      gained: t.count('Wrong in the base, right in the new record.'),
      lost: t.count('Right in the base, wrong in the new record.'),
    }),
  ),
  p: t.nullable(
    t.share(
      'Two-sided; null where nothing is tested: amounts without noise, or noise that was not measured.',
    ),
  ),
  p_holm: t.nullable(t.share("`p` after Holm's correction, to be compared with alpha.")),
  margin: t.amount('The largest loss that is small enough to ignore, on `scale`.'),
  margin_source: t.oneOf('Where the margin is from: the table of usual ones, or --margin.', [
    'usual',
    'asked',
  ]),
  floor: t.nullable(
    t.amount(
      'Change that identical runs show, on `scale`; null where it was not measured or there is no noise.',
    ),
  ),
  detectable: t.nullable(
    t.amount(
      'Smallest true loss that is called worse with chance `power`, on `scale`; null where none would be.',
    ),
  ),
  verdict: verdict('Of this metric.'),
  reason: t.string('Why, in a phrase.'),
})
export type ComparedMetric = t.Static<typeof ComparedMetric>

export const Flip = t.object('A document that one of the two got right.', {
  cell: t.string('Point of a sweep; empty in other records.'),
  task: t.string('Suite.'),
  metric: t.string('By which it was right or wrong.'),
  kind: t.oneOf('Right in the base and now wrong, or the other way.', ['lost', 'gained']),
  doc_id: t.count('Position in the full split.'),
  hash: t.hash(16, "First 16 hex digits of the document's SHA-256."),
  text: t.nullable(t.string('The question, with the right answer; null where the items are not available.')),
})
export type Flip = t.Static<typeof Flip>

export const Comparison = t.object('One record against the base.', {
  base: t.nullable(
    ComparedRecord,
    'What it is held against, where that is not the `base` of all: records of folders have each their own.',
  ),
  record: ComparedRecord,
  verdict: verdict('Over its results, as for all.'),
  differs: t.list("Settings that are not the base's.", t.string()),
  results: t.list('A metric each.', ComparedMetric),
  flips: t.list('Documents that only one of the two got right.', Flip),
  notes: t.list('What could not be compared, in words.', t.string()),
})
export type Comparison = t.Static<typeof Comparison>

export const CompareRecord = t.object(
  'The record of one `asp compare`: what changed from the base to each other record, and whether it can be told from chance.',
  {
    ...heading(COMPARE_SCHEMA, 'compare'),
    date: moment('Unix time, seconds.'),
    verdict: verdict('`worse` when any result is; else `inconclusive` when any is; else `better` or `same`.'),
    alpha: t.number('Level of the family of all tests; intervals hold with 1 - alpha.', {
      exclusiveMinimum: 0,
      exclusiveMaximum: 0.5,
    }),
    power: t.number('Chance with which a loss of `detectable` is called worse.', {
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
    }),
    tests: t.count("Tests that Holm's correction is over."),
    base: ComparedRecord,
    comparisons: t.list('Each other record against the base.', Comparison),
    command,
  },
)
export type CompareRecord = t.Static<typeof CompareRecord>
