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

for (const [name, error, expected] of cases) {
  report(name, () => assert.equal(describeError(error), expected))
}

report.run()
