import { Errors } from '@oclif/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { describeError } from '../../src/cli/report-error.js'
import { Failure } from '../../src/errors.js'

const report = suite('error report')

const cases: [string, unknown, ReturnType<typeof describeError>][] = [
  [
    'a failure with a hint',
    new Failure('suite: unknown, got helaswag', { hint: 'hellaswag' }),
    { line: 'error: suite: unknown, got helaswag; hint: hellaswag', exit: 2 },
  ],
  [
    'a failure of the machine',
    new Failure('GPU device: lost', { exit: 1 }),
    { line: 'error: GPU device: lost', exit: 1 },
  ],
  ['a message of several lines', new Failure('a:\n  b\n'), { line: 'error: a: b', exit: 2 }],
  [
    "oclif's usage error",
    new Errors.CLIError('Nonexistent flag: --x\nSee more help with --help'),
    { line: 'error: Nonexistent flag: --x; hint: asp --help, or --help after a command', exit: 2 },
  ],
  ["oclif's plain exit", new Errors.ExitError(0), { exit: 0 }],
  [
    'a defect',
    new TypeError('x is not a function'),
    {
      line: 'error: unexpected: x is not a function; hint: this is a bug in asp; ASP_DEBUG=1 shows where',
      exit: 1,
    },
  ],
]

const VALUES: [what: string, message: string][] = [
  ['a long word', `--model: must be a folder, got ${'x'.repeat(50_000)}`],
  ['a long text in quotes', `suite: unknown, got ${JSON.stringify('so "long" a text. '.repeat(5000))}`],
  ['a list', `tensor a: shape must be a list of sizes, got ${JSON.stringify(new Array(9000).fill(-1))}`],
  [
    'many short words',
    `h.0: must be one of ${Array.from({ length: 9000 }, (_, i) => `name-${i}`).join(', ')}`,
  ],
  ['pairs of surrogates', `a: unknown, got "${'\u{1f600}'.repeat(3000)}"`],
  ['a quote that never ends', `a: unknown, got "${'y '.repeat(5000)}`],
]
for (const [what, message] of VALUES) {
  report(`${what} keeps its ends`, () => {
    for (const error of [
      new Failure(message, { hint: message }),
      new Errors.CLIError(message),
      new TypeError(message),
    ]) {
      const { line = '' } = describeError(error)
      assert.ok(line.length < 6200, `${line.length} characters`)
      assert.match(line, message.slice(0, 30))
      assert.match(line, /\.\.\. \[\d+ characters left out\] \.\.\./)
      assert.not.match(line, /\p{Surrogate}/u)
    }
    const { message: once } = new Failure(message)
    assert.match(once, message.slice(-20).replace(/^[\udc00-\udfff]/, ''))
    assert.is(new Failure(once).message, once)
    const left = [...once.matchAll(/\[(\d+) characters left out\]/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    )
    const notes = once.match(/\.\.\. \[\d+ characters left out\] \.\.\./g)?.join('').length ?? 0
    assert.is(once.length - notes + left, message.length)
  })
}

report('what people can read is shown whole', () => {
  const path = `/${'folder/'.repeat(50)}model.safetensors`
  const message = `${path}: tensor h.0.attn.c_attn.weight must have shape [64,192], got [64,191]`
  assert.is(new Failure(message, { hint: message }).message, message)
  const names = Array.from({ length: 150 }, (_, i) => `suite-${i}`).join(', ')
  assert.is(new Failure(`a: unknown; ${names}`).message, `a: unknown; ${names}`)
})

for (const [name, error, expected] of cases) {
  report(name, () => assert.equal(describeError(error), expected))
}

report.run()
