/** Text -> ids, step by step as Python's tokenizers library goes: added tokens, normalizer, words, model. */
import { Failure } from '../../errors.js'
import { isObject, type JsonObject } from '../json-file.js'
import { withinTime } from '../time-limit.js'
import { type AddedToken, findTokens, placeTokens } from './added-tokens.js'
import type { TokenizerFiles } from './files.js'
import { createNormalizer } from './normalizers.js'
import { patternCompiler } from './patterns.js'
import { type Surrounding, surroundingOf } from './post-processor.js'
import { createPreTokenizer } from './pre-tokenizers.js'
import { createWordModel, modelVocabulary, type WordModel } from './word-model.js'

/** In milliseconds. Texts are encoded at a million characters a second; an expression that needs this long never ends. */
const TIME_LIMIT = { least: 5_000, perCharacter: 0.02 }

export interface Encoder {
  /** Every token with its id, those added after training included. */
  ids: Map<string, number>
  added: AddedToken[]
  surrounding: Surrounding
  model: WordModel
  encode(text: string): Uint32Array
  cutsAtSpaces: boolean
}

/** Error, Failure: a part that asp does not have. */
export function createEncoder({
  definition,
  path,
  added: flags,
  around,
  splitsSpecial,
}: TokenizerFiles): Encoder {
  const vocabulary = modelVocabulary(definition.model)
  const added = placeTokens(flags, vocabulary)
  const ids = new Map([...vocabulary, ...added.map(({ content, id }) => [content, id] as const)])
  const foreign: string[] = []
  const compile = patternCompiler((source) => foreign.push(source))
  const normalize = createNormalizer(definition.normalizer, compile)
  const cutWords = createPreTokenizer(definition.pre_tokenizer, compile)
  const model = createWordModel(definition, added)
  const found = splitsSpecial ? added.filter(({ special }) => !special) : added
  const spelled = (isNormalized: boolean, spell: (content: string) => string) =>
    new Map(found.filter((one) => one.normalized === isNormalized).map((one) => [spell(one.content), one]))
  const findInText = findTokens(spelled(false, (content) => content))
  const findInNormalized = findTokens(spelled(true, normalize))
  const idsOf = (word: string): number[] =>
    model.encode(word).map((id) => {
      if (id !== undefined) return id
      throw new Failure(`${path}: no token stands for ${JSON.stringify(word)}, nor for unknown words`, {
        hint: 'take that word out of the text, or use a checkpoint whose tokenizer has an unk_token',
      })
    })
  const encode = (text: string): number[] =>
    findInText(text).flatMap((outer) => {
      if ('id' in outer) return [outer.id]
      return findInNormalized(normalize(outer.text)).flatMap((inner) =>
        'id' in inner
          ? [inner.id]
          : cutWords(inner.text, outer.isFirst && inner.isFirst).flatMap((word) => idsOf(word)),
      )
    })
  const surrounding = surroundingOf(definition.post_processor)
  const idOf = (text: string | null): number[] => {
    const id = text === null ? undefined : ids.get(text)
    return id === undefined ? [] : [id]
  }
  return {
    ids,
    added,
    surrounding: {
      before: [...idOf(around.before), ...surrounding.before],
      after: [...surrounding.after, ...idOf(around.after)],
    },
    model,
    encode: (text) =>
      Uint32Array.from(foreign.length === 0 ? encode(text) : timed(text, encode, foreign, path)),
    cutsAtSpaces: cutsAtSpaces(definition, added),
  }
}

function timed(text: string, encode: (text: string) => number[], foreign: string[], path: string): number[] {
  const limit = TIME_LIMIT.least + TIME_LIMIT.perCharacter * text.length
  const done = withinTime(Math.ceil(limit), () => encode(text))
  if (done !== null) return done.result
  throw new Failure(
    `${path}: its regular expression ${shortened(JSON.stringify(foreign.join(' or ')))} did not end within ` +
      `${Math.round(limit / 1000)} s on a text of ${text.length} characters`,
    { hint: 'write the expression without repetitions inside repetitions' },
  )
}

const shortened = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text)

/** GPT-2's words do not go on over white space; a normalizer, a space before all or a token with blanks may see it otherwise. */
function cutsAtSpaces(
  { normalizer, pre_tokenizer: words }: JsonObject,
  added: readonly AddedToken[],
): boolean {
  const isGpt2 = isObject(words) && words.type === 'ByteLevel' && words.use_regex !== false
  const isLocal = added.every(
    ({ content, lstrip, rstrip, singleWord }) => !lstrip && !rstrip && !singleWord && !/\s/.test(content),
  )
  return !normalizer && isGpt2 && words.add_prefix_space !== true && isLocal
}
