/** Scored requests -> the lines of lm-eval's `samples_<task>_<date>.jsonl`, with its hashes (docs/lm-eval.md, Hashes). Pure. */
import type { SampleLine } from '../eval/sample-schema.js'
import { lineCount } from '../eval/samples.js'
import { sha256 } from '../sha256.js'
import { PythonFloat, type PythonValue, pythonDumps, pythonRepr } from './python-json.js'

/** A document as lm-eval sees it. */
export interface LmEvalDocument {
  id: number
  /** The dataset's row, with what lm-eval's `process_docs` adds. */
  doc: { [column: string]: PythonValue }
  target: string
  /** Of each request: [context, continuation], or [text] of a rolling one. */
  arguments: readonly (readonly string[])[]
}

/** One line of the file. Its keys are lm-eval's, in its order; the metrics come last. */
export interface LmEvalSample {
  doc_id: number
  doc: LmEvalDocument['doc']
  target: string
  arguments: { [request: string]: { [argument: string]: string } }
  resps: string[][] | string[][][]
  filtered_resps: string[] | string[][]
  filter: 'none'
  metrics: string[]
  doc_hash: string
  prompt_hash: string
  target_hash: string
  [metric: string]: PythonValue
}

/** Samples of the documents that were scored whole, in their order; `lines` are in any order, their `row` is a position. */
export function lmEvalSamples(
  documents: readonly LmEvalDocument[],
  lines: readonly SampleLine[],
): LmEvalSample[] {
  const byRow = new Map<number, SampleLine[]>()
  for (const line of lines) byRow.set(line.row, [...(byRow.get(line.row) ?? []), line])
  return documents.flatMap((document, row) => {
    const scored = (byRow.get(row) ?? []).sort((a, b) => a.index - b.index)
    return scored.length > 0 && scored.length === lineCount(scored[0]) ? [sample(document, scored)] : []
  })
}

/** lm-eval's `task_hashes[task]`. */
export function taskHash(samples: readonly LmEvalSample[]): string {
  return sha256(samples.map((s) => s.doc_hash + s.prompt_hash + s.target_hash).join(''))
}

function sample(document: LmEvalDocument, scored: readonly SampleLine[]): LmEvalSample {
  const { metrics = {}, of: requests } = scored[scored.length - 1]
  const [[prompt]] = document.arguments
  return {
    doc_id: document.id,
    doc: document.doc,
    target: document.target,
    arguments: named(document.arguments, (request, i) => [
      `gen_args_${i}`,
      named(request, (argument, j) => [`arg_${j}`, argument]),
    ]),
    ...responses(document, scored),
    filter: 'none',
    metrics: Object.keys(metrics),
    doc_hash: sha256(pythonDumps(document.doc, { indent: 2 })),
    prompt_hash: sha256(prompt),
    target_hash: sha256(document.target),
    ...Object.fromEntries(
      Object.entries(metrics).map(([name, value]) => [
        name,
        // The sum of nothing is an int in Python.
        requests === 0 ? value : metricValue(name, value),
      ]),
    ),
  }
}

/** A rolling document has one response, the sum over its windows, without a greedy flag. */
function responses(
  document: LmEvalDocument,
  scored: readonly SampleLine[],
): Pick<LmEvalSample, 'resps' | 'filtered_resps'> {
  if (document.arguments[0].length === 1) {
    const total = scored.reduce((sum, { logprob }) => sum + logprob, 0)
    const text = scored[0].of === 0 ? '0' : pythonRepr(total)
    return { resps: [[text]], filtered_resps: [text] }
  }
  const each = scored.map(({ logprob, greedy }) => [pythonRepr(logprob), greedy ? 'True' : 'False'])
  return { resps: each.map((response) => [response]), filtered_resps: each }
}

/** Log-probabilities and choices' hits are Python floats, words and bytes ints. */
function metricValue(name: string, value: number | number[]): PythonValue {
  if (typeof value === 'number') return new PythonFloat(value)
  const [logprob, ...units] = value
  if (logprob === undefined) throw new RangeError(`${name}: an empty list is no metric value`)
  return [new PythonFloat(logprob), ...units]
}

const named = <T, U>(items: readonly T[], entry: (item: T, i: number) => [string, U]): Record<string, U> =>
  Object.fromEntries(items.map(entry))
