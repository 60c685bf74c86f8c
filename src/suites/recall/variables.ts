/** Variable tracking, after RULER (2404.06654): a number passes from name to name, among chains of other numbers. */

import { askedItem } from './asked.js'
import { drawNumbers } from './draws.js'
import type { Placed } from './haystack.js'
import type { Item, Workshop } from './item.js'

/** Chains, one of which is asked for, and the names each has. */
const CHAINS = 3
const LINKS = 3

/** The number stands at `depth`, and each further link after it at equal steps to the end of the text. */
export function variables(shop: Workshop): Item {
  const numbers = drawNumbers(shop, CHAINS)
  const names = drawVariables(shop, CHAINS * LINKS)
  const chains = numbers.map((number, i) => chain(number, names.slice(i * LINKS, (i + 1) * LINKS)))
  const placed = chains.flatMap((sentences, i): Placed[] => {
    const from = i === 0 ? shop.depth : (i - 0.5) / (CHAINS - 1)
    return sentences.map((text, k) => ({ text, depth: from + ((1 - from) * k) / sentences.length }))
  })
  const asked = names[LINKS - 1]
  return askedItem(shop, numbers, {
    placed,
    asks: `What is the value of ${asked}?`,
    opens: `The value of ${asked} is`,
  })
}

function chain(number: string, names: readonly string[]): string[] {
  return names.map((name, i) => `VAR ${name} = ${i === 0 ? number : `VAR ${names[i - 1]}`}.`)
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Distinct names of three capitals that the filler does not have. */
function drawVariables({ random, filler }: Workshop, count: number): string[] {
  const names = new Set<string>()
  while (names.size < count) {
    const name = Array.from({ length: 3 }, () => LETTERS[random.below(LETTERS.length)]).join('')
    // No filler has nearly all of them.
    if (!filler.words.some((word) => word.includes(name))) names.add(name)
  }
  return [...names]
}
