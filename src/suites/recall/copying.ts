/**
 * Copying (induction; Elhage et al. 2021, Olsson et al. 2209.11895): a passage stands in the text and again at its end. How much
 * likelier is the second time than the same words at the same place after another passage, where it is their first time?
 */
import { Failure } from '../../errors.js'
import { drawWords } from './draws.js'
import { haystack, tokensAfter, tokensBefore } from './haystack.js'
import type { Item, Workshop } from './item.js'

/** Words of a passage. */
const WORDS = 16
/** Draws before a filler is held to be too small. */
const MOST_TRIES = 200

/** Words in no order, so that nothing but the first time helps to predict the second. */
export function copyRandom(shop: Workshop): Item {
  return copied(shop, () => drawWords(shop, WORDS).join(' '))
}

/** Words that follow one another in the filler. */
export function copyText(shop: Workshop): Item {
  const { filler, random } = shop
  return copied(shop, () => {
    const start = random.below(filler.words.length - WORDS)
    return filler.words.slice(start, start + WORDS).join(' ')
  })
}

/** The choices are one continuation after two contexts, that with the passage and that with another in its place. */
function copied(shop: Workshop, draw: () => string): Item {
  const { counter, random, length, depth } = shop
  const size = (text: string): number => counter.encode(text).length
  for (let tried = 0; tried < MOST_TRIES; tried++) {
    const passage = draw()
    const other = drawLike(shop, passage, draw)
    const answer = ` ${passage}`
    const { text, ends, withOthers } = haystack(shop, {
      placed: [{ text: passage, depth }],
      tail: '',
      answer,
    })
    const without = withOthers([other]).text
    // Natural text around it may hold the passage itself.
    const isOnce = text.split(passage).length === 2 && !without.includes(passage)
    if (!isOnce || size(without + answer) !== size(text + answer)) continue
    const gold = random.below(2)
    const contexts = gold === 0 ? [text, without] : [without, text]
    // There is no question: nothing is dropped once the passage comes again.
    const frozenFrom = contexts.flatMap((one) => tokensBefore(shop, one + answer, one.length) ?? [])
    return {
      contexts,
      choices: [answer, answer],
      gold,
      ...(frozenFrom.length === 0 ? {} : { frozenFrom }),
      cell: { length, depth, distance: tokensAfter(shop, text, ends[0]) },
    }
  }
  throw new Failure(
    `${shop.name}: the filler has no two passages of ${WORDS} words that are equally many tokens`,
    {
      hint: 'name another text with --filler, or none for the bundled books',
    },
  )
}

/** Another passage, of as many tokens if there is one to be found. */
function drawLike({ counter }: Workshop, passage: string, draw: () => string): string {
  const size = (text: string): number => counter.encodeBare(` ${text}`).length
  let other = draw()
  for (let tried = 0; tried < MOST_TRIES && (other === passage || size(other) !== size(passage)); tried++)
    other = draw()
  return other
}
