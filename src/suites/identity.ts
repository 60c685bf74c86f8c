/** What makes two runs comparable: hashes over data, requests and protocol. Pure; hashes are lower-case hex SHA-256. */
import { sha256Of } from '../data/files.js'
import { type Json, pythonJson } from '../data/python-text.js'
import type { Example } from './example.js'
import { type Suite, templatesOf } from './suite.js'

export interface EvalIdentity {
  /** Over the data files as stored. */
  data: string
  /** Over the texts of all requests in document order; equal for equal items, whatever file they came from. */
  requests: string
  /** Over everything in the suite that decides what is asked and how it is counted. */
  protocol: string
  /** Over the three above. */
  sha256: string
}

export function evalIdentity(suite: Suite, dataSha256: string, examples: readonly Example[]): EvalIdentity {
  const data = dataSha256
  const requests = requestsHash(suite, examples)
  const protocol = protocolHash(suite)
  return { data, requests, protocol, sha256: sha256Of(pythonJson({ data, requests, protocol })) }
}

/** lm-eval's request hash (docs/lm-eval.md, Hashes) in the order given: the JSON list of [context, continuation], or [text]. */
export function requestsHash(suite: Suite, examples: readonly Example[]): string {
  return sha256Of(pythonJson(examples.flatMap((example) => requestArguments(suite, example))))
}

/** One document alone: its requests and what counts as right. */
export function documentHash(suite: Suite, example: Example): string {
  return sha256Of(pythonJson([requestArguments(suite, example), example.gold, example.target]))
}

/** Changes with the suite's version, output type, preparation, templates, delimiter or metrics; not with its prose. */
export function protocolHash(suite: Suite): string {
  return sha256Of(
    pythonJson({
      name: suite.name,
      version: String(suite.version),
      output: suite.output,
      prepare: suite.prepare ?? null,
      delimiter: suite.output === 'multiple_choice' ? suite.delimiter : null,
      templates: templatesOf(suite),
      metrics: suite.metrics,
    }),
  )
}

function requestArguments(suite: Suite, example: Example): Json[] {
  const rolling = suite.output === 'loglikelihood_rolling'
  return example.pairs.map(({ context, continuation }) =>
    rolling ? [continuation] : [context, continuation],
  )
}
