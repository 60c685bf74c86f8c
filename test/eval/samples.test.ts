/**
 * The bundled samples through suites, requests and metrics, with the dummy model of docs/lm-eval.md, Without a model
 * (log-probability -random(), Random(42)). Hashes and figures come from an independent Python program.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { requestsHash } from '../../src/suites/identity.js'
import { aggregate, documentMetrics } from '../../src/suites/metrics.js'
import { loadSuite, soloNames } from '../../src/suites/suite.js'
import { score } from './dummy-score.js'

interface Expected {
  note: string
  requests: number
  hash: string
  metrics: Record<string, number | 'N/A'>
}

const EXPECTED: Record<string, Expected> = {
  hellaswag: {
    note: 'bundled sample, 200 of 10042',
    requests: 800,
    hash: '74e50a565caa8aa03caa34ecd0c2a80cca9c7db94f2958e173b5ef0ce09ac05b',
    metrics: {
      'acc,none': 0.205,
      'acc_stderr,none': 0.028617649261360192,
      'acc_norm,none': 0.21,
      'acc_norm_stderr,none': 0.028873315391699354,
    },
  },
  piqa: {
    note: 'bundled sample, 200 of 1838',
    requests: 400,
    hash: '004558e23f6c95795bf229741ff32a24d7192fa0bcc6de1cbe4d5193c3a50639',
    metrics: {
      'acc,none': 0.48,
      'acc_stderr,none': 0.03541569365103447,
      'acc_norm,none': 0.475,
      'acc_norm_stderr,none': 0.035399727449764204,
    },
  },
  winogrande: {
    note: 'bundled sample, 200 of 1267',
    requests: 400,
    hash: '1002d354e71b167762b0d2ac5249c0b4858b93cbbad1a4a65460a1892c50b71b',
    metrics: { 'acc,none': 0.525, 'acc_stderr,none': 0.0353997274497642 },
  },
  lambada_openai: {
    note: 'bundled sample, 200 of 5153',
    requests: 200,
    hash: '4c099508a054cce81b3b2cd544ea1e9c46409c39f1963fea08ea9f647d37556a',
    metrics: {
      'perplexity,none': 1.6229150232937537,
      'perplexity_stderr,none': 0.03335902051158013,
      'acc,none': 0,
      'acc_stderr,none': 0,
    },
  },
  wikitext: {
    note: 'bundled sample, 9 of 62',
    requests: 9,
    hash: '7f84a320634655fe5c7f21149f21dd27b3cf4e7212a357427aa879f406094ba4',
    metrics: {
      'word_perplexity,none': 1.0002409649617086,
      'word_perplexity_stderr,none': 'N/A',
      'byte_perplexity,none': 1.0000459346939752,
      'byte_perplexity_stderr,none': 'N/A',
      'bits_per_byte,none': 6.626823320901362e-5,
      'bits_per_byte_stderr,none': 'N/A',
    },
  },
}

const test = suite('bundled samples')

/** Their requests and metrics are held to lm-eval's and Python's in lm-eval-requests and conformance. */
const ELSEWHERE: Record<string, string> = {
  arc_challenge: 'bundled sample, 200 of 1172',
  arc_easy: 'bundled sample, 200 of 2376',
  boolq: 'bundled sample, 200 of 3270',
  hellaswag_llmc: 'bundled sample, 200 of 10042',
  commonsense_qa: 'bundled sample, 200 of 1221',
  copa: 'bundled sample, 50 of 100',
  openbookqa: 'bundled sample, 200 of 500',
  rte: 'bundled sample, 137 of 277',
  sciq: 'bundled sample of the validation split, 200 of 1000',
  social_iqa: 'bundled sample, 200 of 1954',
  winograd_wsc273: 'bundled sample, 135 of 273',
}

test('every suite has a sample but lambada_standard, which says so', async () => {
  const told = [...Object.keys(EXPECTED), ...Object.keys(ELSEWHERE), 'lambada_standard'].sort()
  assert.equal(soloNames(), told)
  for (const [name, note] of Object.entries(ELSEWHERE))
    assert.is((await readSample(loadSuite(name))).origin.note, note)
  const refused = await readSample(loadSuite('lambada_standard')).catch((error: Failure) => error)
  assert.instance(refused, Failure)
  assert.match(String((refused as Failure).hint), /--data/)
})

for (const [name, expected] of Object.entries(EXPECTED))
  test(name, async () => {
    const asked = loadSuite(name)
    const { rows, origin } = await readSample(asked)
    assert.is(origin.note, expected.note)
    const examples = loadExamples(asked, rows)
    assert.is(examples.flatMap((example) => example.pairs).length, expected.requests)
    assert.is(requestsHash(asked, examples), expected.hash)

    const { random } = pythonRandom(42)
    const documents = examples.map((example) =>
      documentMetrics(
        asked,
        example,
        example.pairs.map(() => score(-random())),
      ),
    )
    const got = aggregate(asked, documents, { bootstrapIterations: 2000 })
    assert.equal(Object.keys(got).sort(), Object.keys(expected.metrics).sort())
    for (const [key, want] of Object.entries(expected.metrics))
      if (typeof want === 'string') assert.is(got[key], want)
      else assert.ok(Math.abs(Number(got[key]) / (want || 1) - (want ? 1 : 0)) < 1e-12, `${key}: ${got[key]}`)
  })

test.run()
