/** Who was mentioned first, or last: four people in the text, all of them candidates. */

import { askedItem } from './asked.js'
import { drawNames } from './draws.js'
import type { Placed } from './haystack.js'
import type { Item, Workshop } from './item.js'

const PEOPLE = 4

/** The first stands at `depth`, the others at equal steps after it. */
export function firstMentioned(shop: Workshop): Item {
  const names = drawNames(shop, PEOPLE)
  const step = (1 - shop.depth) / (PEOPLE - 1)
  return item(shop, 'first', names, (i) => shop.depth + i * step)
}

/** The last stands at `depth`, the others at equal steps before it. */
export function lastMentioned(shop: Workshop): Item {
  const names = drawNames(shop, PEOPLE)
  const step = shop.depth / (PEOPLE - 1)
  return item(shop, 'last', names, (i) => shop.depth - i * step)
}

/** `depth` of each name; the first of them is the answer. */
function item(
  shop: Workshop,
  which: 'first' | 'last',
  names: readonly string[],
  depth: (i: number) => number,
): Item {
  const placed = names.map((name, i): Placed => ({ text: `${name} came into the room.`, depth: depth(i) }))
  return askedItem(shop, names, {
    // At one depth they stand in the order given: the answer before the others, or after them.
    placed: which === 'first' ? placed : [...placed].reverse(),
    holder: which === 'first' ? 0 : PEOPLE - 1,
    asks: `Who was the ${which} to come into the room?`,
    opens: `The ${which} was`,
  })
}
