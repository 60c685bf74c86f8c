/**
 * Multi-query associative recall, after Zoology (2312.04927): as many pairs of a key and a value as fit, then several of the keys,
 * each with its value again. Every one of these is asked for, after those before it were answered.
 */
import { drawWords } from './draws.js'
import { type Haystack, haystack, type Straw, tokensAfter, tokensBefore, tryHaystack } from './haystack.js'
import type { Item, SharedWorkshop } from './item.js'

const CHOICES = 4
const HEAD = 'Pairs.'

interface Pair {
  key: string
  value: string
}

const said = ({ key, value }: Pair): string => `${key}: ${value}.`

/** A query for each depth. What the last pair leaves of the length is filler, before the first of them. */
export function associative(shop: SharedWorkshop): Item[] {
  const { counter, depths, length, words } = shop
  // Some that are never asked for, to mistake values for.
  const fewest = depths.length + CHOICES - 1
  const most = Math.min(Math.floor(words.length / 2), Math.max(fewest, Math.floor(length / 4)))
  const drawn = drawWords(shop, 2 * most)
  const pairs = Array.from({ length: most }, (_, i): Pair => ({ key: drawn[2 * i], value: drawn[2 * i + 1] }))
  const all = pairs.map(said)
  let count = most
  while (count > fewest && counter.encode(all.slice(0, count).join(' ')).length > length) count--
  for (; count > fewest; count--) {
    const items = itemsOf(shop, pairs.slice(0, count), tryHaystack)
    if (items !== null) return items
  }
  return itemsOf(shop, pairs.slice(0, fewest), haystack)
}

type Make<H> = (shop: SharedWorkshop, straw: Straw) => H

function itemsOf(shop: SharedWorkshop, pairs: readonly Pair[], make: Make<Haystack>): Item[]
function itemsOf(shop: SharedWorkshop, pairs: readonly Pair[], make: Make<Haystack | null>): Item[] | null
function itemsOf(shop: SharedWorkshop, pairs: readonly Pair[], make: Make<Haystack | null>): Item[] | null {
  const { random, length, depths, question } = shop
  const places = placesAt(depths, pairs.length)
  const order = [...places]
  random.shuffle(order)
  const asked = order.map((place) => pairs[place])
  /** What stands before the answer of query `nth`: on the same line, so that a key has its space, and its tokens, again. */
  const tailOf = (nth: number): string =>
    ` ${[...asked.slice(0, nth).map(said), `${asked[nth].key}:`].join(' ')}`
  const last = asked.length - 1
  const found = make(shop, {
    placed: pairs.map((pair) => ({ text: said(pair), depth: 1 })),
    // The first key has a space before it too.
    head: question === 'aware' ? `${asked.map(({ key }) => key).join(', ')}?\n${HEAD}` : HEAD,
    tail: tailOf(last),
    answer: ` ${asked[last].value}`,
    unsaid: new Set(pairs.flatMap(({ key, value }) => [key, value])),
  })
  if (found === null) return null
  const text = found.text.slice(0, -tailOf(last).length)
  const never = pairs.filter((pair) => !asked.includes(pair))
  return places.map((place, i): Item => {
    const query = order.indexOf(place)
    const context = text + tailOf(query)
    const candidates = [pairs[place], ...random.sample(never, CHOICES - 1)]
    random.shuffle(candidates)
    const frozenFrom = tokensBefore(shop, context, text.length)
    return {
      contexts: [context],
      choices: candidates.map(({ value }) => ` ${value}`),
      gold: candidates.indexOf(pairs[place]),
      ...(frozenFrom === undefined ? {} : { frozenFrom: candidates.map(() => frozenFrom) }),
      cell: {
        length,
        depth: depths[i],
        distance: tokensAfter(shop, context, found.ends[place]),
        pairs: pairs.length,
        query,
      },
    }
  })
}

/** Which of the pairs stands at each depth; the nearest that no earlier depth has. */
function placesAt(depths: readonly number[], count: number): number[] {
  const taken: number[] = []
  for (const depth of depths) {
    const wanted = depth * (count - 1)
    const free = Array.from({ length: count }, (_, i) => i).filter((i) => !taken.includes(i))
    taken.push(free.reduce((best, i) => (Math.abs(i - wanted) < Math.abs(best - wanted) ? i : best)))
  }
  return taken
}
