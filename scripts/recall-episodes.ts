/** Things said and asked for again: the episodes of which scripts/recall-windows.ts makes its windows. */
import type { PythonRandom } from '../src/stats/python-random.js'

export interface Drawing {
  random: PythonRandom
  /** Plain words. */
  vocabulary: readonly string[]
}

export interface Episode {
  /** A second one in the same window would make its question ambiguous. */
  once?: true
  make(drawing: Drawing): { sentences: string[]; questions: string[] }
}

export const EPISODES: readonly Episode[] = [
  { once: true, make: passKey },
  { make: fact },
  { make: fact },
  { make: cloze },
  { make: manyFacts },
  { make: manyKinds },
  { make: variables },
  { once: true, make: mentioned },
]

const number = (random: PythonRandom): string => String(10_000 + random.below(90_000))
const capitals = (random: PythonRandom, n: number): string =>
  Array.from({ length: n }, () => String.fromCharCode(65 + random.below(26))).join('')
const pick = <T>(random: PythonRandom, from: readonly T[]): T => from[random.below(from.length)]

const CONSONANTS = 'bcdfghjklmnprstvwz'.split('')
const VOWELS = 'aeiou'.split('')

/** Pronounceable, two or three syllables. */
function inventedName(random: PythonRandom): string {
  let name = ''
  for (let i = 0, n = 2 + random.below(2); i < n; i++) name += pick(random, CONSONANTS) + pick(random, VOWELS)
  if (random.random() < 0.5) name += pick(random, ['n', 'r', 's', 'l', 'k'])
  return name[0].toUpperCase() + name.slice(1)
}

const PLACES = (
  'Oslo Helsinki Riga Denver Dallas Seattle Houston Toronto Ottawa Nairobi Dakar Accra Lagos Osaka Kyoto Seoul Manila Perth Zurich Bergen ' +
  'London Paris Rome Berlin Vienna Madrid Boston Chicago Moscow Dublin Venice Cairo Lisbon Athens Geneva Naples Bristol Oxford'
).split(' ')

const PEOPLE = (
  'Kevin Tyler Ashley Jessica Derek Kyle Megan Chloe Heather Austin Logan Mason Wyatt Jordan Taylor Travis ' +
  'John Mary James Anna Peter Jane Robert Alice Henry Margaret Arthur Helen Walter Lucy Harold Edith'
).split(' ')

const place = (random: PythonRandom): string =>
  random.random() < 0.5 ? pick(random, PLACES) : inventedName(random)

function passKey({ random }: Drawing) {
  const key = number(random)
  return {
    sentences: [`The pass key is ${key}. Remember it. ${key} is the pass key.`],
    questions: [`What is the pass key? The pass key is ${key}.`],
  }
}

const KINDS = ['magic', 'postal', 'lucky', 'secret', 'house', 'account', 'ticket', 'room']

const numberOf = (kind: string, where: string, value: string): string =>
  `The ${kind} number of ${where} is ${value}.`
const asked = (kind: string, where: string, value: string): string =>
  `What is the ${kind} number of ${where}? ${numberOf(kind, where, value)}`

/** One thing of one place, in the words of the needle or in others. */
function fact({ random, vocabulary }: Drawing) {
  const where = place(random)
  if (random.random() < 0.5) {
    const kind = random.random() < 0.6 ? 'magic' : pick(random, KINDS)
    const value = number(random)
    return { sentences: [numberOf(kind, where, value)], questions: [asked(kind, where, value)] }
  }
  const value = random.random() < 0.5 ? number(random) : pick(random, vocabulary)
  const thing = pick(random, vocabulary)
  const sentence = pick(random, [
    `The ${thing} of ${where} is ${value}.`,
    `In ${where} they call the ${thing} ${value}.`,
    `${where} has a ${thing} called ${value}.`,
    `The ${thing} in ${where} was always ${value}.`,
  ])
  return { sentences: [sentence], questions: [sentence] }
}

/** The needle holds its question. */
function cloze({ random }: Drawing) {
  const sentence = `What is the ${pick(random, KINDS)} number of ${place(random)}? It is ${number(random)}.`
  return { sentences: [sentence], questions: [sentence] }
}

/** The same of several places, each or some asked for. */
function manyFacts({ random }: Drawing) {
  const kind = random.random() < 0.7 ? 'magic' : pick(random, KINDS)
  const places = [...new Set(Array.from({ length: 2 + random.below(4) }, () => place(random)))]
  const values = places.map(() => number(random))
  const order = places.map((_, i) => i)
  random.shuffle(order)
  return {
    sentences: places.map((where, i) => numberOf(kind, where, values[i])),
    questions: order.map((i) => asked(kind, places[i], values[i])),
  }
}

/** Several numbers of one place. */
function manyKinds({ random }: Drawing) {
  const where = place(random)
  const kinds = random.sample(KINDS, 2 + random.below(3))
  const values = kinds.map(() => number(random))
  const order = kinds.map((_, i) => i)
  random.shuffle(order)
  return {
    sentences: kinds.map((kind, i) => numberOf(kind, where, values[i])),
    questions: order.map((i) => asked(kinds[i], where, values[i])),
  }
}

/** Chains of one to three names, one after the other. */
function variables({ random }: Drawing) {
  const links = 1 + random.below(3)
  const chains = Array.from({ length: 1 + random.below(3) }, () => ({
    value: number(random),
    names: Array.from({ length: links }, () => capitals(random, 3)),
  }))
  const line = ({ value, names }: (typeof chains)[number], k: number): string =>
    `VAR ${names[k]} = ${k === 0 ? value : `VAR ${names[k - 1]}`}.`
  const sentences = Array.from({ length: links }, (_, k) => chains.map((chain) => line(chain, k))).flat()
  const { value, names } = pick(random, chains)
  const name = names[links - 1]
  return { sentences, questions: [`What is the value of ${name}? The value of ${name} is ${value}.`] }
}

function mentioned({ random }: Drawing) {
  const names = random.sample(PEOPLE, 2 + random.below(3))
  return {
    sentences: names.map((name) => `${name} came into the room.`),
    questions: [
      `Who was the first to come into the room? The first was ${names[0]}.`,
      `Who was the last to come into the room? The last was ${names[names.length - 1]}.`,
    ],
  }
}
