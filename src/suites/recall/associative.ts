/**
 * Multi-query associative recall, after Zoology (2312.04927): as many pairs of a key and a value as fit, then several keys with
 * their values again, and one key whose value is asked for.
 */
import { drawWords } from './draws.js'
import { type Haystack, haystack, type Straw, tokensAfter, tryHaystack } from './haystack.js'
import type { Item, Workshop } from './item.js'

/** Answered queries before the one that is scored. */
const ANSWERED = 3
const CHOICES = 4
/** Pairs that leave room for something to ask and to mistake it for. */
const FEWEST = ANSWERED + CHOICES

interface Pair {
  key: string
  value: string
}

const said = ({ key, value }: Pair): string => `${key}: ${value}.`

/** What the last pair leaves of the length is filler, before the first of them. */
export function associative(shop: Workshop): Item {
  const { counter, length, words } = shop
  const most = Math.min(Math.floor(words.length / 2), Math.max(FEWEST, Math.floor(length / 4)))
  const drawn = drawWords(shop, 2 * most)
  const pairs = Array.from({ length: most }, (_, i): Pair => ({ key: drawn[2 * i], value: drawn[2 * i + 1] }))
  const all = pairs.map(said)
  let count = most
  while (count > FEWEST && counter.encode(all.slice(0, count).join(' ')).length > length) count--
  for (; count > FEWEST; count--) {
    const item = itemOf(shop, pairs.slice(0, count), tryHaystack)
    if (item !== null) return item
  }
  return itemOf(shop, pairs.slice(0, FEWEST), haystack)
}

type Make<H> = (shop: Workshop, straw: Straw) => H

function itemOf(shop: Workshop, pairs: readonly Pair[], make: Make<Haystack>): Item
function itemOf(shop: Workshop, pairs: readonly Pair[], make: Make<Haystack | null>): Item | null
function itemOf(shop: Workshop, pairs: readonly Pair[], make: Make<Haystack | null>): Item | null {
  const { random, length, depth, question } = shop
  const place = Math.round(depth * (pairs.length - 1))
  const asked = pairs[place]
  const others = random.sample(
    pairs.filter((pair) => pair !== asked),
    ANSWERED + CHOICES - 1,
  )
  const answered = others.slice(0, ANSWERED).map(said).join(' ')
  const found = make(shop, {
    placed: pairs.map((pair) => ({ text: said(pair), depth: 1 })),
    head: question === 'seen' ? `${asked.key}?\n` : '',
    tail: `\n${answered} ${asked.key}:`,
    answer: ` ${asked.value}`,
    unsaid: new Set(pairs.flatMap(({ key, value }) => [key, value])),
  })
  if (found === null) return null
  const order = [asked, ...others.slice(ANSWERED)]
  random.shuffle(order)
  return {
    contexts: [found.text],
    choices: order.map(({ value }) => ` ${value}`),
    gold: order.indexOf(asked),
    cell: {
      length,
      depth,
      distance: tokensAfter(shop, found.text, found.ends[place]),
      pairs: pairs.length,
    },
  }
}
