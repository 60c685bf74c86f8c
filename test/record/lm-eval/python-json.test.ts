import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  PythonFloat,
  type PythonValue,
  pythonDumps,
  pythonRepr,
} from '../../../src/record/lm-eval/python-json.js'

const python = suite('JSON as Python writes it')

/** What CPython 3.11 prints for repr(x). */
const REPRS: [number, string][] = [
  [0, '0.0'],
  [-0, '-0.0'],
  [1, '1.0'],
  [-73.16346740722656, '-73.16346740722656'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [1e100, '1e+100'],
  [5e-324, '5e-324'],
  [Number.NEGATIVE_INFINITY, '-inf'],
  [Number.NaN, 'nan'],
]

for (const [value, text] of REPRS) {
  python(`repr of ${text}`, () => {
    assert.is(pythonRepr(value), text)
  })
}

const VALUE: PythonValue = {
  float: new PythonFloat(1),
  int: 1,
  part: 0.25,
  text: 'naïve “quote” \u2028 \u007f \t"',
  none: null,
  gone: undefined,
  empty: [],
  nothing: {},
  list: [1, [new PythonFloat(2), 'x']],
  far: new PythonFloat(Number.POSITIVE_INFINITY),
}

python('one line has the separators of json.dumps', () => {
  assert.is(
    pythonDumps(VALUE),
    '{"float": 1.0, "int": 1, "part": 0.25, "text": "naïve “quote” \u2028 \u007f \\t\\"", "none": null, ' +
      '"empty": [], "nothing": {}, "list": [1, [2.0, "x"]], "far": Infinity}',
  )
})

python('with an indent, as json.dumps(indent=2)', () => {
  assert.is(
    pythonDumps({ a: [1, { b: new PythonFloat(0) }], c: {} }, { indent: 2 }),
    '{\n  "a": [\n    1,\n    {\n      "b": 0.0\n    }\n  ],\n  "c": {}\n}',
  )
})

python.run()
