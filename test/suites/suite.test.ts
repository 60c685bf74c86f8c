import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { hubPattern, readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { documentHash, evalIdentity, protocolHash } from '../../src/suites/identity.js'
import { listSuites, loadSuite, parseSuite, SUITES, soloNames, suiteNames } from '../../src/suites/suite.js'

const test = suite('suite files')
const raw = (name: string) => JSON.parse(readFileSync(join(SUITES, `${name}.json`), 'utf8'))
const failsWith = (message: RegExp, hint?: RegExp) => (error: unknown) =>
  error instanceof Failure &&
  message.test(error.message) &&
  error.exit === 2 &&
  (hint ?? /./).test(error.hint ?? '')

const FIRST_OF_FAMILIES = ['blimp_adjunct_island', 'comps_base', 'multiblimp_abk', 'lambada_openai_mt_de']

test('bundled suites are valid and named as their files', () => {
  assert.equal(
    listSuites().map(({ name }) => name),
    suiteNames(),
  )
  assert.is(soloNames().length, 17)
  assert.is(listSuites().length, 17 + 67 + 101 + 5 + 3)
})

test('sizes, splits and metrics of every suite', () => {
  const told = [
    ...soloNames().map((name) => loadSuite(name)),
    ...FIRST_OF_FAMILIES.map((name) => loadSuite(name)),
  ].map((s) => `${s.name} ${s.dataset.split} ${s.dataset.docs} ${s.metrics} v${s.version}`)
  assert.equal(told, [
    'arc_challenge test 1172 acc,acc_norm v1',
    'arc_easy test 2376 acc,acc_norm v1',
    'boolq validation 3270 acc v2',
    'commonsense_qa validation 1221 acc v0',
    'copa validation 100 acc v1',
    'hellaswag validation 10042 acc,acc_norm v1',
    'hellaswag_llmc validation 10042 acc,acc_norm_tokens v1',
    'lambada_openai test 5153 perplexity,acc v1',
    'lambada_standard test 5153 perplexity,acc v1',
    'openbookqa test 500 acc,acc_norm v1',
    'piqa validation 1838 acc,acc_norm v1',
    'rte validation 277 acc v1',
    'sciq test 1000 acc,acc_norm v1',
    'social_iqa validation 1954 acc v0',
    'wikitext test 62 word_perplexity,byte_perplexity,bits_per_byte v2',
    'winograd_wsc273 test 273 acc v1',
    'winogrande validation 1267 acc v1',
    'blimp_adjunct_island train 1000 acc v1',
    'comps_base train null acc v1',
    'multiblimp_abk train null acc,acc_norm v0',
    'lambada_openai_mt_de test 5153 perplexity,acc v1',
  ])
})

test('bundled suites say what people compare by, and where few-shot examples come from', () => {
  for (const { name, summary, protocol, unverified, dataset, output } of listSuites()) {
    assert.ok(summary && protocol && unverified, name)
    // lm-eval's sentence pairs are zero-shot whatever is asked.
    const zeroShot =
      output === 'loglikelihood_rolling' || /blimp|comps/.test(name) || name === 'hellaswag_llmc'
    assert.is(dataset.fewshot === undefined, zeroShot, name)
  }
})

test('the file glob matches whole paths and stays within a folder', () => {
  const pattern = hubPattern(loadSuite('piqa'))
  const paths = [
    'default/validation/0000.parquet',
    'a/b/validation/0000.parquet',
    'default/validation/0000xparquet',
  ]
  assert.equal(
    paths.map((path) => pattern.test(path)),
    [true, false, false],
  )
})

test('a suite file can be named by path', () => {
  assert.equal(loadSuite(join(SUITES, 'piqa.json')), loadSuite('piqa'))
})

const UNKNOWN: [string, RegExp][] = [
  ['helaswag', /did you mean hellaswag\?/],
  ['lambada', /did you mean lambada_openai\?/],
  ['WikiText2', /did you mean wikitext\?/],
  ['mmlu-pro-extended', /^Suites are arc_challenge, /],
]
for (const [name, hint] of UNKNOWN)
  test(`unknown suite ${name}`, () =>
    assert.throws(() => loadSuite(name), failsWith(new RegExp(`^unknown suite '${name}'$`), hint)))

test('a file that is missing or not JSON', () => {
  assert.throws(() => loadSuite('./no/such.json'), failsWith(/no\/such\.json: not a readable JSON file/))
  assert.throws(() => loadSuite(join(SUITES, 'README.md')), failsWith(/not a readable JSON file/))
})

const BROKEN: [what: string, change: (json: Record<string, unknown>) => void, message: RegExp][] = [
  ['missing field', (s) => delete s.gold, /^x\.json: gold: is missing$/],
  [
    'unknown field',
    (s) => Object.assign(s, { metric: [] }),
    /metric: is not a field of a suite, did you mean 'metrics'/,
  ],
  ['wrong type', (s) => Object.assign(s, { version: '1' }), /version: must be a number, got "1"/],
  ['output', (s) => Object.assign(s, { output: 'generate' }), /output: must be one of .*, got "generate"/],
  [
    'nested',
    (s) => Object.assign(s.dataset as object, { docs: 0 }),
    /dataset\.docs: must be a whole number above 0, got 0/,
  ],
  [
    'column type',
    (s) => Object.assign(s.dataset as object, { columns: { a: 'int' } }),
    /dataset\.columns\.a: must be one of/,
  ],
  [
    'template',
    (s) => Object.assign(s, { context: 'Q: {gaol}' }),
    /context: '\{gaol\}' is none of goal, sol1, sol2, label/,
  ],
  ['preparation', (s) => Object.assign(s, { prepare: 'lambada' }), /prepare: 'lambada' reads column 'text'/],
  ['metric', (s) => Object.assign(s, { metrics: ['acc', 'f1'] }), /metrics\[1\]: must be one of/],
  [
    'foreign metric',
    (s) => Object.assign(s, { metrics: ['perplexity'] }),
    /'perplexity' cannot be computed from output 'multiple_choice'/,
  ],
  ['cluster', (s) => Object.assign(s, { cluster: '{page}' }), /cluster: '\{page\}' is none of goal/],
  ['no metric', (s) => Object.assign(s, { metrics: [] }), /metrics: must name at least one/],
  [
    'contexts',
    (s) => Object.assign(s, { context: ['{goal}'] }),
    /context: must be one text or as many as choices, got 1/,
  ],
]
for (const [what, change, message] of BROKEN)
  test(`names the field: ${what}`, () => {
    const json = raw('piqa')
    change(json)
    assert.throws(() => parseSuite(json, 'x.json'), failsWith(message))
  })
for (const json of [null, [], 'suite', {}])
  test(`not a suite: ${JSON.stringify(json)}`, () =>
    assert.throws(() => parseSuite(json, 'x.json'), failsWith(/^x\.json: /)))

test('an unlabelled row is named', () => {
  const row = { goal: 'g', sol1: 'a', sol2: 'b', label: 2 }
  const rows = [{ value: row, line: 41 }]
  assert.throws(
    () => loadExamples(loadSuite('piqa'), rows),
    failsWith(/^piqa: row 41: gold: must be a choice from 0 to 1, got "2"/),
  )
})

test('identity follows requests and protocol, not prose or order of columns', async () => {
  const piqa = loadSuite('piqa')
  const { rows, origin } = await readSample(piqa)
  const examples = loadExamples(piqa, rows)
  const identity = evalIdentity(piqa, origin.sha256, examples)
  assert.equal(evalIdentity({ ...piqa, summary: 'other', reference: [] }, origin.sha256, examples), identity)
  assert.is.not(protocolHash({ ...piqa, version: 2 }), identity.protocol)
  assert.is.not(protocolHash({ ...piqa, metrics: ['acc'] }), identity.protocol)
  assert.is.not(evalIdentity(piqa, origin.sha256, examples.slice(1)).requests, identity.requests)
  assert.is.not(evalIdentity(piqa, origin.sha256, examples.slice(1)).sha256, identity.sha256)
  assert.is(new Set(examples.map((example) => documentHash(piqa, example))).size, examples.length)
})

test.run()
