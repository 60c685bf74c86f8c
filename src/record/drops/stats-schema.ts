/**
 * The record of `asp drops --stats`, `asp.drop-stats/1`: which kinds of tokens survive how long in windows of a text, and which
 * kinds kill them, layer by layer, for one or more checkpoints.
 */

import {
  command,
  date,
  EnvironmentRecord,
  heading,
  ModelRecord,
  PolicyRecord,
  RunSparsity,
  TextSourceRecord,
} from '../common.js'
import * as t from '../define.js'
import { DROP_STATS_SCHEMA } from '../kinds.js'
import { DIMENSION_NAMES } from '../names.js'
import { DeathCause } from './schema.js'

export const ShareFigure = t.object('A share of tokens.', {
  of: t.count('Tokens, times layers where several are taken together.'),
  count: t.count('Of these, the ones that are counted.'),
  share: t.nullable(t.share('count / of; null where there are none.')),
  low: t.nullable(
    t.share('Lower end of the 95 % interval, with windows as the sampling unit; null with fewer than two.'),
  ),
  high: t.nullable(t.share('Upper end.')),
})
export type ShareFigure = t.Static<typeof ShareFigure>

export const ShareFigures = t.object(
  "Alive at each of the record's ages, of the tokens that the window lets grow so old; one entry per age.",
  {
    of: t.list('Tokens that the window lets grow so old.', t.count()),
    count: t.list('Of these, the ones alive.', t.count()),
    share: t.list('count / of; null where there are none.', t.nullable(t.share())),
    low: t.list('Lower ends of 95 % intervals.', t.nullable(t.share())),
    high: t.list('Upper ends.', t.nullable(t.share())),
  },
)
export type ShareFigures = t.Static<typeof ShareFigures>

export const KillFigure = t.object('A share of kills.', {
  of: t.count('Kills in all.'),
  count: t.count('Kills by this class.'),
  share: t.nullable(t.share('count / of; null where there are none.')),
  low: t.nullable(
    t.share('Lower end of the 95 % interval, with windows as the sampling unit; null with fewer than two.'),
  ),
  high: t.nullable(t.share('Upper end.')),
  over_base: t.nullable(
    t.amount(
      "The share, over the class's share of tokens that could kill; above 1 kills more often than tokens do on average.",
    ),
  ),
})
export type KillFigure = t.Static<typeof KillFigure>

export const ClassFigures = t.object('How long the tokens of a class live, and how many they kill.', {
  end: t.described('Alive at the end of the window.', ShareFigure),
  ages: ShareFigures,
  kills: t.nullable(KillFigure, 'Kills by tokens of this class; null where a death names no killer.'),
})
export type ClassFigures = t.Static<typeof ClassFigures>

export const ClassRecord = t.object('Tokens of one class.', {
  name: t.string('Of the class.'),
  tokens: t.count('How many there are.'),
  share: t.share('Of all tokens.'),
  mean: t.described('Over all layers together.', ClassFigures),
  layers: t.list('Layer by layer.', ClassFigures, { minItems: 1 }),
})
export type ClassRecord = t.Static<typeof ClassRecord>

export const DimensionRecord = t.object('One way to tell tokens apart.', {
  name: t.oneOf('Which one.', DIMENSION_NAMES),
  classes: t.list('Classes that have any token.', ClassRecord),
})
export type DimensionRecord = t.Static<typeof DimensionRecord>

export const KillerRecord = t.object('A word that kills.', {
  text: t.string('As written, without the white space around it if it is anything else.'),
  tokens: t.count('How often it occurs.'),
  kills: t.count('Tokens it killed, layers summed.'),
  per_layer: t.list('Tokens it killed, by layer.', t.count()),
})
export type KillerRecord = t.Static<typeof KillerRecord>

export const StatsRun = t.object('What was counted of one checkpoint.', {
  model: ModelRecord,
  policy: PolicyRecord,
  sparsity: t.described('What pruning removed of the windows.', RunSparsity),
  cause: DeathCause,
  windows: t.count('Windows that were looked at.'),
  tokens: t.count('Tokens in them.'),
  dimensions: t.list('Ways to tell tokens apart; each puts every token into one class.', DimensionRecord),
  killers: t.list(
    'Words that kill most, all layers together, most kills first; empty where nothing kills.',
    KillerRecord,
  ),
})
export type StatsRun = t.Static<typeof StatsRun>

export const StatsText = t.object('The text that windows are cut from.', {
  sources: t.list('Its parts, in order.', TextSourceRecord, { minItems: 1 }),
  characters: t.count('UTF-16 units.'),
  sha256: t.sha256('Of the text itself, UTF-8, documents joined.'),
  limit: t.nullable(t.integer('Tokens looked at, at most; null for all.', { minimum: 4 })),
})
export type StatsText = t.Static<typeof StatsText>

export const TaggerRecord = t.object('What tagged the words.', {
  name: t.string('Package.'),
  version: t.string('Its version.'),
  model: t.string('Package of its language model.'),
  model_version: t.string('Version of that.'),
})
export type TaggerRecord = t.Static<typeof TaggerRecord>

export const DropStatsRecord = t.object(
  'The record of `asp drops stats`: which kinds of tokens survive how long in windows of a text, and which kinds kill them, layer by layer, for one or more checkpoints.',
  {
    ...heading(DROP_STATS_SCHEMA, 'drop-stats'),
    date,
    text: StatsText,
    ctx: t.integer('Tokens of a window.', { minimum: 4 }),
    ages: t.list("In how many tokens' time survival is looked at.", t.positive(), { minItems: 1 }),
    tagger: TaggerRecord,
    runs: t.list('One per checkpoint, in the order they were named.', StatsRun, { minItems: 1 }),
    seed: t.integer('Seed of the calibration sample.'),
    environment: EnvironmentRecord,
    command,
  },
)
export type DropStatsRecord = t.Static<typeof DropStatsRecord>
