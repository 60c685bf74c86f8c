/** Tokens that tokenizer.json's post-processor puts before and after every text. */
import { isObject, type JsonObject } from '../json-file.js'
import { partOf } from './parts.js'

export interface Surrounding {
  before: number[]
  after: number[]
}

/** Error: a type that asp does not have, or a template that is no plain one. */
export function surroundingOf(processor: unknown): Surrounding {
  if (processor === null || processor === undefined) return { before: [], after: [] }
  const { make, options } = partOf(PROCESSORS, processor, 'post_processor')
  return make(options)
}

const PROCESSORS: Readonly<Record<string, (processor: JsonObject) => Surrounding>> = {
  /** Moves offsets only. */
  ByteLevel: () => ({ before: [], after: [] }),
  BertProcessing: clsAndSep,
  RobertaProcessing: clsAndSep,
  TemplateProcessing: template,
  Sequence: ({ processors }) => {
    if (!Array.isArray(processors)) throw new Error('processors must be a list')
    const none: Surrounding = { before: [], after: [] }
    return processors.map(surroundingOf).reduce(
      ({ before, after }, outer) => ({
        before: [...outer.before, ...before],
        after: [...after, ...outer.after],
      }),
      none,
    )
  },
}

/** Both are [token, id]. */
function clsAndSep({ cls, sep }: JsonObject): Surrounding {
  const id = (pair: unknown): number => wholeNumber(Array.isArray(pair) ? pair[1] : undefined)
  return { before: [id(cls)], after: [id(sep)] }
}

function template({ single, special_tokens: special }: JsonObject): Surrounding {
  const parts = Array.isArray(single) ? single.filter(isObject) : []
  const at = parts.findIndex((part) => 'Sequence' in part)
  if (at < 0 || parts.filter((part) => 'Sequence' in part).length !== 1) {
    throw new Error('the template of post_processor must have the text once')
  }
  const ids = (some: readonly JsonObject[]): number[] =>
    some.flatMap(({ SpecialToken: token }) => {
      const name = isObject(token) ? String(token.id) : ''
      const known = isObject(special) && Object.hasOwn(special, name) ? special[name] : undefined
      return isObject(known) && Array.isArray(known.ids)
        ? known.ids.map(wholeNumber)
        : [wholeNumber(undefined)]
    })
  return { before: ids(parts.slice(0, at)), after: ids(parts.slice(at + 1)) }
}

function wholeNumber(id: unknown): number {
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0) return id
  throw new Error(`a token of post_processor must have a whole number as its id, got ${JSON.stringify(id)}`)
}
