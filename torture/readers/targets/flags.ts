/** What flags hold, as it is typed: each parser gets text that is like what it takes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  parseAmount,
  parseNumber,
  parseNumbers,
  parsePlace,
  parseRange,
  parseWord,
  parseWords,
} from '../../../src/cli/values.js'
import { parseMargins } from '../../../src/compare/margins.js'
import { parseHubText } from '../../../src/data/hub/text.js'
import { parseItem } from '../../../src/drops/item.js'
import { filesGlob } from '../../../src/suites/glob.js'
import { parseSamples } from '../../../src/suites/selection.js'
import { parseControl, parseShiftRange } from '../../../src/train/option-rows.js'
import type { Target } from '../target.js'

const WORDS = ['dense', 'local', 'adaptive', 'h2o'] as const

/** A parser, texts that it takes, and what its result must be made of. */
const PARSERS: Readonly<Record<string, { parse(text: string): unknown; typed: readonly string[] }>> = {
  'a number': { parse: (text) => parseNumber('--shift', text), typed: ['0.5', '-1', '1e-3'] },
  'a count': {
    parse: (text) => parseNumber('--limit', text, { whole: true, least: 1 }),
    typed: ['12', '4096'],
  },
  'an amount': { parse: (text) => parseAmount('--limit', text), typed: ['all', '12'] },
  'a range': {
    parse: (text) => parseRange('--ctx', text),
    typed: ['128,256', '128-1024*2', '128-512+128,7'],
  },
  numbers: { parse: (text) => parseNumbers('--sparsity', text), typed: ['0,0.5,0.8', '-1'] },
  'a word': { parse: (text) => parseWord('--policy', text, WORDS), typed: ['dense', 'h2o'] },
  words: { parse: (text) => parseWords('--policies', text, WORDS), typed: ['dense,local', 'adaptive'] },
  'a place': { parse: (text) => parsePlace('--output', text), typed: ['run.json', 'results'] },
  margins: { parse: parseMargins, typed: ['acc=0.01,word_perplexity=1%', 'speedup=5%'] },
  'an item': { parse: parseItem, typed: ['hellaswag:12', './own.json:3'] },
  'a Hub dataset': {
    parse: parseHubText,
    typed: ['owner/name@main:config/split/column', 'owner/name:train'],
  },
  'a glob': {
    parse: (text) => filesGlob(text).test('default/test/0000.parquet'),
    typed: ['default/test/*.parquet', 'a/**/b-{1,2}.json'],
  },
  samples: { parse: parseSamples, typed: ['{"piqa": [0, 4, 17]}'] },
  'a control': { parse: parseControl, typed: ['dense', 'local:205', 'strided:128'] },
  'a range of shifts': { parse: parseShiftRange, typed: ['-1..1', '0.5..2'] },
}

export const FLAGS: readonly Target[] = Object.entries(PARSERS).map(([name, { parse, typed }]) => ({
  name: `flags: ${name}`,
  row: 'flags: their parsers',
  cases: () => typed.map((text) => ({ files: { typed: text }, changed: 'typed', form: 'text' as const })),
  lenient: true,
  read: (folder) => {
    parse(readFileSync(join(folder, 'typed'), 'utf8'))
  },
}))
