/**
 * The proof without a model: every request of the loaded documents in lm-eval v0.3's form, hashed by its recipe, and
 * the metrics a pseudo-random model gives, beside the golden values of the suite file (docs/lm-eval.md, Without a model). Pure.
 */
import { sha256Of } from '../data/files.js'
import { pythonJson } from '../data/python-text.js'
import { pythonRandom } from '../stats/python-random.js'
import type { Example } from './example.js'
import { type GoldenForm, goldenForm } from './golden.js'
import { aggregate, documentMetrics } from './metrics.js'
import type { Golden, Suite } from './suite.js'

/** lm-eval's test seeds both the order of documents and its dummy model with this. */
const SEED = 42
/** Its tests ask for so few bootstrap replicates. */
const BOOTSTRAP_ITERATIONS = 10
/** Figures are sums of many floats: a C library's `exp` may differ from ours in the last digit. */
const TOLERANCE = 1e-12

export interface Check {
  name: string
  got: number | string
  /** Null where no golden value is known. */
  expected: number | string | null
  match: boolean | null
}

export interface Conformance {
  suite: string
  documents: number
  requests: number
  sha256: string
  checks: Check[]
  /** `partial`: fewer documents than the golden values are over. `unknown`: the suite has no golden values. */
  verdict: 'match' | 'mismatch' | 'partial' | 'unknown'
}

/** `examples` in the order of the split. */
export function checkConformance(suite: Suite, examples: readonly Example[]): Conformance {
  const { golden } = suite
  const form = goldenForm(golden?.form ?? defaultForm(suite))
  const shuffled = [...examples]
  pythonRandom(SEED).shuffle(shuffled)
  const requests = shuffled.map((example) => form.requests(example.pairs))
  const sha256 = sha256Of(pythonJson(requests.flat()))

  const { random } = pythonRandom(SEED)
  const documents = shuffled.map((example, i) => {
    const drawn = requests[i].map(() => -random())
    const scores = example.pairs.map((_, k) => ({
      logprob: drawn[form.position(k, example.pairs.length)],
      greedy: false,
      pairs: 0,
      removed: [],
      kept: [],
    }))
    return documentMetrics(suite, example, scores)
  })
  const figures = aggregate(suite, documents, { bootstrapIterations: BOOTSTRAP_ITERATIONS })
  const built = requests.flat().length
  const checks = [
    check('documents', examples.length, golden?.documents),
    check('requests', built, golden?.requests),
    check('sha256', sha256, golden?.sha256),
    ...Object.entries(figures)
      .filter(([, value]) => typeof value === 'number')
      .map(([key, value]) => {
        const name = key.replace(/,none$/, '')
        return check(name, value, golden?.metrics[name])
      }),
  ]
  return {
    suite: suite.name,
    documents: examples.length,
    requests: built,
    sha256,
    checks,
    verdict: verdictOf(golden, examples.length, checks),
  }
}

function check(name: string, got: number | string, expected: number | string | undefined): Check {
  if (expected === undefined) return { name, got, expected: null, match: null }
  const close =
    typeof got === 'number' && typeof expected === 'number'
      ? Math.abs(got - expected) <= TOLERANCE * Math.abs(expected)
      : got === expected
  return { name, got, expected, match: close }
}

function verdictOf(
  golden: Golden | undefined,
  documents: number,
  checks: readonly Check[],
): Conformance['verdict'] {
  if (golden === undefined) return 'unknown'
  if (documents < golden.documents) return 'partial'
  return checks.every(({ match }) => match !== false) ? 'match' : 'mismatch'
}

function defaultForm({ output }: Suite): GoldenForm {
  return output === 'loglikelihood_rolling' ? 'text_only' : 'as_today'
}
