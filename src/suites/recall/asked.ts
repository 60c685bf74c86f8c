/** Sentences in filler and a question after it, or around it, whose answer is one of the candidates: what most tasks make. */
import { haystack, type Placed, tokensAfter, tokensBefore } from './haystack.js'
import type { Item, Workshop } from './item.js'

export interface Asked {
  placed: readonly Placed[]
  /** Which of them holds the answer; the first when undefined. */
  holder?: number
  asks: string
  /** What the answer goes on from. */
  opens: string
}

/** An item whose answer is the first of `answers`; they are shuffled. */
export function askedItem(
  shop: Workshop,
  answers: readonly string[],
  { placed, holder = 0, asks, opens }: Asked,
): Item {
  const { random, question, length, depth } = shop
  const inOrder = [...placed].sort((a, b) => a.depth - b.depth)
  const tail = `\n${asks} ${opens}`
  const { text, ends } = haystack(shop, {
    placed: inOrder,
    head: question === 'aware' ? `${asks}\n` : '',
    tail,
    answer: ` ${answers[0]}`,
  })
  const order = [...answers]
  random.shuffle(order)
  const frozenFrom = tokensBefore(shop, text, text.length - tail.length)
  return {
    contexts: [text],
    choices: order.map((answer) => ` ${answer}`),
    gold: order.indexOf(answers[0]),
    ...(frozenFrom === undefined ? {} : { frozenFrom: order.map(() => frozenFrom) }),
    cell: { length, depth, distance: tokensAfter(shop, text, ends[inOrder.indexOf(placed[holder])]) },
  }
}
