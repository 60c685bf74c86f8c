/**
 * How lm-eval v0.3 wrote the requests its golden hashes are over, where that differs from today's
 * (docs/lm-eval.md, Without a model). Each form turns the requests of one document into v0.3's, and says which of those each choice's score is.
 */
import { pythonLstrip } from '../data/python-text.js'

interface TextPair {
  context: string
  continuation: string
}

interface Form {
  /** The arguments of every request of the document, in order. */
  requests(pairs: readonly TextPair[]): string[][]
  /** Request whose score belongs to today's request `index`, of `count`. */
  position(index: number, count: number): number
}

const both = ({ context, continuation }: TextPair): string[] => [context, continuation]
const inPlace = (index: number): number => index

export const GOLDEN_FORMS = {
  as_today: { requests: (pairs) => pairs.map(both), position: inPlace },
  /** Once for the log-probability and once for the greedy flag. */
  each_twice: {
    requests: (pairs) => pairs.flatMap((pair) => [both(pair), both(pair)]),
    position: (index) => 2 * index,
  },
  /** One space before a choice that today has two. */
  single_space: {
    requests: (pairs) => pairs.map((pair) => [pair.context, ` ${pythonLstrip(pair.continuation)}`]),
    position: inPlace,
  },
  reversed: {
    requests: (pairs) => pairs.map(both).reverse(),
    position: (index, count) => count - 1 - index,
  },
  text_only: { requests: (pairs) => pairs.map(({ continuation }) => [continuation]), position: inPlace },
} satisfies Record<string, Form>

export type GoldenForm = keyof typeof GOLDEN_FORMS

export function goldenForm(name: GoldenForm): Form {
  return GOLDEN_FORMS[name]
}
