/**
 * The record of `asp drops` on one text, `asp.drops/1`: which layer dropped which token when. Everything that is shown of it, who
 * killed whom as well, follows from the death times.
 */

import {
  command,
  date,
  EnvironmentRecord,
  heading,
  ModelRecord,
  PolicyRecord,
  RunSparsity,
} from '../common.js'
import * as t from '../define.js'
import { DROPS_SCHEMA } from '../kinds.js'

export const DeathCause = t.oneOf(
  'What a death time names (docs/method.md, Death times). `query`: the later token that killed the key. `position`: the first token that is too far away. `budget`: the first token behind the eviction, which chose nothing. `birth`: the first token after the time that the key was given when it came. `selection`: the first token after the one whose selection left nothing of the key.',
  ['query', 'position', 'budget', 'birth', 'selection'],
)
export type DeathCause = t.Static<typeof DeathCause>

export const DropsItem = t.object('An item of a suite.', {
  document: t.count('Position in the full split.'),
  request: t.count('The choice whose text this is, from 0.'),
  data: t.string("Where the suite's items came from."),
})
export type DropsItem = t.Static<typeof DropsItem>

export const DropsText = t.object('Where the text is from.', {
  kind: t.oneOf('How the text was given.', ['argument', 'stdin', 'file', 'suite']),
  source: t.nullable(
    t.string('Path, name of the suite, or `-` for standard input; null for a text given as an argument.'),
  ),
  item: t.nullable(DropsItem, 'Which item of the suite; null for any other text.'),
  tokens: t.count("Tokens of the whole text; more than the record's where the model takes no more."),
})
export type DropsText = t.Static<typeof DropsText>

export const DropsToken = t.object('One token.', {
  id: t.count('Its number in the vocabulary.'),
  text: t.string('Its part of the text; empty where a later token completes the character.'),
})
export type DropsToken = t.Static<typeof DropsToken>

export const DropsRecord = t.object(
  'The record of `asp drops` on one text: which layer dropped which token when.',
  {
    ...heading(DROPS_SCHEMA, 'drops'),
    date,
    text: DropsText,
    model: ModelRecord,
    policy: PolicyRecord,
    sparsity: t.described('What pruning removed of the text.', RunSparsity),
    cause: DeathCause,
    tokens: t.list('What the model was fed, in order.', DropsToken, { minItems: 2 }),
    deaths: t.list(
      'A list per layer, an entry per token: the first position that no longer sees the token; null for a token that all later ones see.',
      t.list('One layer.', t.nullable(t.positive()), { minItems: 2 }),
      { minItems: 1 },
    ),
    environment: EnvironmentRecord,
    command,
  },
)
export type DropsRecord = t.Static<typeof DropsRecord>
