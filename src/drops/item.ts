/** `hellaswag:12`: what the model is fed when the right choice of a suite's item is scored. */
import type { Tokenizer } from '../data/tokenizer.js'
import { Failure } from '../errors.js'
import type { DropsText } from '../record/drops/schema.js'
import { buildRequests } from '../suites/build-requests.js'
import { chosenExamples } from '../suites/example.js'
import { chooseRows } from '../suites/selection.js'
import { readDocuments, type SourceOptions } from '../suites/source.js'
import { loadSuite } from '../suites/suite.js'

/** As the model is fed it, before it is cut to what the model takes. */
export interface DropsInput {
  tokens: Uint32Array
  /** All but the number of its tokens. */
  from: Omit<DropsText, 'tokens'>
}

export interface ItemName {
  /** Name or path, as typed. */
  suite: string
  /** Position in the full split. */
  document: number
}

/** Null for what is no name and number with a colon between. Whether there is such a suite is found out when it is read. */
export function parseItem(input: string): ItemName | null {
  const found = /^(\S+):(\d+)$/.exec(input)
  return found === null ? null : { suite: found[1], document: Number(found[2]) }
}

/** Failure: no such suite or item, or its data cannot be had. */
export async function readItem(
  { suite: typed, document }: ItemName,
  options: SourceOptions,
  tokenizer: Tokenizer,
  nPositions: number,
): Promise<DropsInput> {
  const suite = loadSuite(typed)
  const { name } = suite
  const {
    datasets: [{ rows, origin }],
  } = await readDocuments([suite], options)
  const all = chooseRows(name, rows, {})
  const chosen = all.find(({ docId }) => docId === document)
  if (chosen === undefined) {
    const near = all.toSorted((a, b) => Math.abs(a.docId - document) - Math.abs(b.docId - document))
    throw new Failure(
      `${name}:${document}: no such item among the ${all.length} there are (${origin.note})`,
      {
        hint: `the nearest are ${near
          .slice(0, 2)
          .map(({ docId }) => `${name}:${docId}`)
          .join(' and ')}`,
      },
    )
  }
  const [example] = chosenExamples(suite, [chosen])
  const requests = buildRequests(suite, example, tokenizer, nPositions)
  const request = requests.at(example.gold ?? 0)
  if (request === undefined) {
    throw new Failure(`${name}:${document}: is an empty text, of which nothing is fed`, {
      hint: 'name another item',
    })
  }
  return {
    tokens: request.input,
    from: {
      kind: 'suite',
      source: name,
      item: { document, request: request.index, data: origin.note },
    },
  }
}
