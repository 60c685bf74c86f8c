/** Answers and names that the filler does not have, as many tokens long as one another, so that log-probabilities compare. */
import { Failure } from '../../errors.js'
import type { Workshop } from './item.js'

const DIGITS = { least: 10_000, count: 90_000 }
/** Draws before a tokenizer is held to have no numbers of equal length. */
const MOST_DRAWS = 2000

/** Distinct numbers of five digits. */
export function drawNumbers(shop: Workshop, count: number): string[] {
  const byTokens = new Map<number, string[]>()
  for (let drawn = 0; drawn < MOST_DRAWS; drawn++) {
    const number = String(DIGITS.least + shop.random.below(DIGITS.count))
    if (shop.filler.says(number)) continue
    const alike = grouped(byTokens, tokensOf(shop, number), number)
    if (alike.length === count) return alike
  }
  throw lacking(shop, `${count} numbers of five digits`)
}

/** Distinct names of people. */
export const drawNames = (shop: Workshop, count: number): string[] => draw(shop, NAMES, count, 'names')

/** Distinct names of cities. */
export const drawCities = (shop: Workshop, count: number): string[] => draw(shop, CITIES, count, 'cities')

/** Words of the filler that are equally many tokens; distinct as long as there are so many. */
export function drawWords({ words, random }: Pick<Workshop, 'words' | 'random'>, count: number): string[] {
  if (count <= words.length) return random.sample(words, count)
  return Array.from({ length: count }, () => words[random.below(words.length)])
}

function draw(shop: Workshop, from: readonly string[], count: number, what: string): string[] {
  const alike = mostAlike(
    shop,
    from.filter((name) => !shop.filler.says(name)),
  )
  if (alike.length < count) throw lacking(shop, `${count} ${what}`)
  return shop.random.sample(alike, count)
}

/** The largest group of words that are equally many tokens. */
export function mostAlike(shop: Pick<Workshop, 'counter'>, words: readonly string[]): string[] {
  const byTokens = new Map<number, string[]>()
  for (const word of words) grouped(byTokens, tokensOf(shop, word), word)
  return [...byTokens.values()].reduce((most, some) => (some.length > most.length ? some : most), [])
}

function grouped(groups: Map<number, string[]>, key: number, value: string): string[] {
  const group = groups.get(key) ?? []
  if (!group.includes(value)) group.push(value)
  groups.set(key, group)
  return group
}

/** As it stands in a sentence. */
const tokensOf = ({ counter }: Pick<Workshop, 'counter'>, word: string): number =>
  counter.encodeBare(` ${word}`).length

const lacking = ({ name }: Workshop, what: string): Failure =>
  new Failure(`${name}: needs ${what} that the filler does not have and that are equally many tokens`, {
    hint: 'name another text with --filler, or none for the bundled books',
  })

const NAMES = (
  'Kevin Brandon Tyler Ashley Melissa Jessica Brittany Derek Kyle Megan Trevor Chloe Zoe Jared Lindsey Courtney ' +
  'Dustin Tiffany Heather Kayla Austin Logan Mason Aidan Caleb Wyatt Brooke Paige Jordan Taylor Cody Shane Travis ' +
  'Yuki Ravi Priya Omar Fatima Ingrid Sven Lars Bjorn Anders Kofi Amara Diego Mateo Camila Valentina Keanu Malik'
).split(' ')

const CITIES = (
  'Oslo Helsinki Tallinn Riga Vilnius Krakow Zagreb Ljubljana Bogota Quito Caracas Montevideo Brasilia Recife Denver ' +
  'Dallas Seattle Phoenix Houston Toronto Calgary Ottawa Nairobi Kampala Lusaka Harare Dakar Accra Lagos Osaka Kyoto ' +
  'Nagoya Seoul Busan Taipei Manila Jakarta Bangkok Hanoi Perth Brisbane Auckland Wellington Zurich Bergen Malmo'
).split(' ')
