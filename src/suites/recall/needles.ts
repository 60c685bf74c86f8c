/** Numbers in sentences hidden in filler: a passkey, one needle, several, one among look-alikes, one that repeats its question. */
import { askedItem } from './asked.js'
import { drawCities, drawNumbers } from './draws.js'
import type { Placed } from './haystack.js'
import type { Item, Workshop } from './item.js'

/** Candidates of an answer, the right one among them. */
const CHOICES = 4

/** After Mohtashami and Jaggi (2305.16300): the key is said twice, the question asks for it. */
export function passkey(shop: Workshop): Item {
  const numbers = drawNumbers(shop, CHOICES)
  const [key] = numbers
  return askedItem(shop, numbers, {
    placed: [{ text: `The pass key is ${key}. Remember it. ${key} is the pass key.`, depth: shop.depth }],
    asks: 'What is the pass key?',
    opens: 'The pass key is',
  })
}

export function needle(shop: Workshop): Item {
  const [city] = drawCities(shop, 1)
  const numbers = drawNumbers(shop, CHOICES)
  return askedItem(shop, numbers, {
    placed: [{ text: magic(city, numbers[0]), depth: shop.depth }],
    asks: `What is the magic number of ${city}?`,
    opens: `The magic number of ${city} is`,
  })
}

/** The question is in the needle, word for word: the end of the prompt repeats it, and a base model has only to go on as before. */
export function clozeNeedle(shop: Workshop): Item {
  const [city] = drawCities(shop, 1)
  const numbers = drawNumbers(shop, CHOICES)
  const asks = `What is the magic number of ${city}?`
  return askedItem(shop, numbers, {
    placed: [{ text: `${asks} It is ${numbers[0]}.`, depth: shop.depth }],
    asks,
    opens: 'It is',
  })
}

/** Every candidate is in the text, each for a city of its own; the others stand evenly spread. */
export function needles(shop: Workshop): Item {
  const cities = drawCities(shop, CHOICES)
  const numbers = drawNumbers(shop, CHOICES)
  return askedItem(shop, numbers, {
    placed: among(
      shop.depth,
      cities.map((city, i) => magic(city, numbers[i])),
    ),
    asks: `What is the magic number of ${cities[0]}?`,
    opens: `The magic number of ${cities[0]} is`,
  })
}

/** Every candidate is in the text and all are of one city, but only one is its magic number. */
export function distractors(shop: Workshop): Item {
  const [city] = drawCities(shop, 1)
  const numbers = drawNumbers(shop, CHOICES)
  const kinds = ['magic', 'postal', 'lucky', 'secret']
  return askedItem(shop, numbers, {
    placed: among(
      shop.depth,
      kinds.map((kind, i) => `The ${kind} number of ${city} is ${numbers[i]}.`),
    ),
    asks: `What is the magic number of ${city}?`,
    opens: `The magic number of ${city} is`,
  })
}

const magic = (city: string, number: string): string => `The magic number of ${city} is ${number}.`

/** The first at `depth`, the others at the middles of equal parts. */
function among(depth: number, [first, ...others]: readonly string[]): Placed[] {
  const spread = others.map((text, i) => ({ text, depth: (i + 0.5) / others.length }))
  return [{ text: first, depth }, ...spread]
}
