/** Patterns of tokenizer.json: a text to find, or a regular expression in Oniguruma's dialect. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { isObject } from '../json-file.js'

/** How GPT-2 cuts text into words before merging (openai/gpt-2, src/encoder.py). */
export const GPT2_WORDS = compiled(
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
)

/** V8 compiles an expression when it is first used, once for texts of Latin-1 and once for others. */
const FIRST_USES = ['a', '\u0100']

/** The expression, once it is known that it can be run. Error: it is too large. */
export function runnable(regex: RegExp): RegExp {
  for (const text of FIRST_USES) text.search(regex)
  return regex
}

/** What the files themselves may ask for; told, since only a time limit tells how long it takes. */
export type CompilePattern = (pattern: unknown) => RegExp

/** @param onForeign called with each regular expression that a file brings */
export function patternCompiler(onForeign: (source: string) => void): CompilePattern {
  return (pattern) => {
    if (isObject(pattern) && typeof pattern.String === 'string') {
      return runnable(new RegExp(pattern.String.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu'))
    }
    if (isObject(pattern) && typeof pattern.Regex === 'string') {
      onForeign(pattern.Regex)
      return runnable(compiled(pattern.Regex))
    }
    throw new Error(`pattern must have String or Regex, got ${JSON.stringify(pattern)}`)
  }
}

/**
 * The library translates when it makes a tokenizer that cuts by the expression: \s is Unicode's white space, as in Python's library,
 * and not JavaScript's.
 */
function compiled(source: string): RegExp {
  const split = { type: 'Split', pattern: { Regex: source }, behavior: 'Isolated', invert: true }
  const model = { type: 'BPE', vocab: {}, merges: [] }
  const rest = { added_tokens: [], normalizer: null, post_processor: null, decoder: null }
  const { pre_tokenizer: made } = new HuggingFaceTokenizer({ ...rest, model, pre_tokenizer: split }, {})
  const pattern: unknown = made?.pattern
  if (pattern instanceof RegExp) return pattern
  throw new Error(`no regular expression, got ${JSON.stringify(source)}`)
}
