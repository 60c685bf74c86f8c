/**
 * Words of English text with their parts of speech: wink-nlp, whose tokens give the text back character by character, which is
 * what aligning needs, and which has universal tags and a list of stop words without a network.
 */
import { createRequire } from 'node:module'
import type { ItemToken } from 'wink-nlp'
import type { TaggerRecord } from '../record/drops/stats-schema.js'

/** A word or mark of the text. */
export interface TaggedWord {
  /** In UTF-16 units; `to` is behind its last one. */
  from: number
  to: number
  /** Universal part of speech. */
  tag: string
  /** What it is written with: `word`, `number`, `punctuation`, `symbol`, and wink-nlp's others. */
  type: string
  stopWord: boolean
}

export interface Tagger {
  record: TaggerRecord
  /** All words in order; white space between them is no word, line ends are. */
  tag(text: string): TaggedWord[]
}

const NAMES = { name: 'wink-nlp', model: 'wink-eng-lite-web-model' } as const

/** Loads its model, 4 MB: only for those who need it. */
export async function openTagger(): Promise<Tagger> {
  const [{ default: winkNlp }, { default: model }] = await Promise.all([
    import('wink-nlp'),
    import('wink-eng-lite-web-model'),
  ])
  // Sentences are all that tags need beside the words.
  const nlp = winkNlp(model, ['sbd', 'pos'])
  const { its } = nlp
  const { resolve } = createRequire(import.meta.url)
  const version = (name: string): string => createRequire(resolve(name))(`${name}/package.json`).version
  return {
    record: { ...NAMES, version: version(NAMES.name), model_version: version(NAMES.model) },
    tag(text) {
      let at = 0
      const words: TaggedWord[] = []
      nlp
        .readDoc(text)
        .tokens()
        .each((token: ItemToken) => {
          const from = at + String(token.out(its.precedingSpaces)).length
          at = from + token.out().length
          words.push({
            from,
            to: at,
            tag: String(token.out(its.pos)),
            type: String(token.out(its.type)),
            stopWord: token.out(its.stopWordFlag) === true,
          })
        })
      return words
    },
  }
}
