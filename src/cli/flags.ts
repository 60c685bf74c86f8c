/**
 * The dialect: each flag that more than one command has is declared here, once, with its letter and what it means. A command adds
 * its default, how a value looks (`helpValue`) and the names it had before (`aliases`). Types are inferred.
 */
import { Flags } from '@oclif/core'
import { DEFAULT_MODEL } from '../data/bundled.js'
import { CACHE_KINDS } from '../engine/decode/types.js'
import { POLICY_NAMES } from '../pruning/level.js'
import {
  CALIBRATION_SCOPES,
  type CalibrationScope,
  GRANULARITIES,
  type Granularity,
} from '../record/names.js'
import { GRID_FORMS } from '../report/grid-forms.js'
import { DTYPE_NAMES } from '../run/dtype.js'
import {
  NUMBER,
  NUMBERS,
  RANGE,
  type RangeRule,
  read,
  usually,
  WHOLE,
  wordOf,
  wordsOf,
} from './flag-kinds.js'
import { type NumberRule, parseAmount, parseNumber, parsePlace, parseRange } from './values.js'

type Policy = (typeof POLICY_NAMES)[number]
type Dtype = (typeof DTYPE_NAMES)[number]
type Cache = (typeof CACHE_KINDS)[number]
type CacheDtype = (typeof CACHE_DTYPES)[number]
const CACHE_DTYPES = ['f32', 'f16'] as const
const WRITTEN_DTYPES = ['auto', 'f32', 'f16', 'bf16'] as const

// What is read.

export const data = Flags.custom<string>({
  summary: 'items of suites: a file, a folder, or sample (bundled)',
  helpValue: '<path>',
})
export const strictData = Flags.boolean({
  summary: 'end where data cannot be had, and never use a bundled sample instead; default where CI is set',
  allowNo: true,
})
export const textSource = Flags.custom<string>({ summary: 'where text comes from' })
export const column = Flags.string({
  summary: 'field of rows that holds the text',
  helpValue: '<name>',
  default: 'text',
})
const LIMIT = { char: 'L', summary: 'how much of the input to use at most' } as const
export const limit = Flags.custom<number, NumberRule>({ ...NUMBER, ...LIMIT })
export const AMOUNT = { helpValue: '<tokens>|all', parse: read(parseAmount) }
export const limitOrAll = Flags.custom<number>({ ...AMOUNT, ...LIMIT })
/** Of text that is read. */
const FIRST = { summary: 'take only the first N tokens of the text' } as const
export const tokens = Flags.custom<number, NumberRule>({ ...NUMBER, ...FIRST })
const CTX = { char: 'c', summary: 'context length, in tokens' } as const
export const ctx = Flags.custom<number, NumberRule>({ ...WHOLE, ...CTX })
export const ctxs = Flags.custom<readonly number[], RangeRule>({ ...RANGE, ...CTX })

// What is dropped: one policy at one level, or lists that are combined.

const POLICY = {
  summary: `what decides which tokens are dropped: ${POLICY_NAMES.join(', ')}`,
  helpGroup: 'pruning',
}
const SPARSITY = { summary: 'share of context to remove, from 0 to below 1', helpGroup: 'pruning' }
const SHIFT = {
  summary: 'threshold shift, instead of --sparsity',
  helpGroup: 'pruning',
}
const SIZE = {
  summary: 'window, stride or budget in tokens, instead of --sparsity',
  helpGroup: 'pruning',
}
export const policy = Flags.custom<Policy>({
  ...wordOf(POLICY_NAMES),
  ...POLICY,
  helpValue: '<name>',
})
export const policies = Flags.custom<readonly Policy[]>({
  ...wordsOf(POLICY_NAMES),
  ...POLICY,
  helpValue: '<name>,...',
})
export const sparsity = Flags.custom<number, NumberRule>({ ...NUMBER, ...SPARSITY, helpValue: '0.8' })
export const sparsities = Flags.custom<readonly number[]>({ ...NUMBERS, ...SPARSITY, helpValue: '0,0.5,0.8' })
export const shift = Flags.custom<number, NumberRule>({ ...NUMBER, ...SHIFT })
export const shifts = Flags.custom<readonly number[]>({ ...NUMBERS, ...SHIFT })
export const size = Flags.custom<number, NumberRule>({ ...NUMBER, ...SIZE })
export const sizes = Flags.custom<readonly number[]>({ ...NUMBERS, ...SIZE })
/** Of the commands that score, but do not decode. */
export const granularity = Flags.custom<Granularity>({
  ...wordOf(GRANULARITIES),
  summary: 'what decides which keys an evicting policy keeps: each layer for all of its heads, or each head',
  helpGroup: 'pruning',
  default: 'layer',
})()
/** Of the commands that score suites. */
export const calibrate = Flags.custom<CalibrationScope>({
  ...wordOf(CALIBRATION_SCOPES),
  summary: 'over what --sparsity is reached: each suite separately, or all requests pooled',
  helpGroup: 'pruning',
  default: 'suite',
})()
/** One policy at one level. */
export const levelFlags = { policy: policy(), sparsity: sparsity(), shift: shift(), size: size() }
/** Of the calibration sample where there is one. */
export const seed = Flags.custom<number, NumberRule>({ ...WHOLE, summary: 'seed of random draws' })
export const CALIBRATION_SEED = 1234

// Which checkpoint, and where it computes.

export const model = Flags.custom<string>({
  summary: 'folder, bundled name or Hub id',
  char: 'm',
  helpGroup: 'model and device',
  helpValue: '<name>',
})
export const revision = Flags.string({
  summary: 'branch, tag or commit of a Hub model',
  helpGroup: 'model and device',
  helpValue: '<name>',
})
const DTYPE = { summary: 'precision of weights', helpGroup: 'model and device' }
export const dtype = Flags.custom<Dtype>({ ...wordOf(DTYPE_NAMES), ...DTYPE, default: 'auto' })()
/** Of weights that are written; auto keeps theirs. */
export const writtenDtype = Flags.custom<(typeof WRITTEN_DTYPES)[number]>({
  ...wordOf(WRITTEN_DTYPES),
  ...DTYPE,
  default: 'auto',
})()
export const dtypes = Flags.custom<readonly Dtype[]>({
  ...wordsOf(DTYPE_NAMES),
  ...DTYPE,
  default: ['auto'],
})()
export const deviceFlags = {
  device: Flags.string({
    summary: "where to compute: auto (a GPU, else the CPU), cpu, gpu or part of an adapter's name",
    helpValue: '<device>',
    helpGroup: 'model and device',
    default: 'auto',
  }),
  threads: Flags.custom<number, NumberRule>(WHOLE)({
    summary: 'threads of the CPU device',
    helpGroup: 'model and device',
    least: 0,
    ...usually('usable cores'),
  }),
}
/** For commands that take one checkpoint as it is. */
export const modelFlags = {
  model: model(usually(DEFAULT_MODEL)),
  revision,
  dtype,
  ...deviceFlags,
}

// How it is worked on.

const BATCH_SIZE = { char: 'b', summary: 'most sequences at a time' } as const
export const batchSize = Flags.custom<number, NumberRule>({ ...NUMBER, ...BATCH_SIZE })
/** Several, and `max` for the largest number that fits, which comes last. */
export const batchSizes = Flags.custom<readonly (number | 'max')[]>({
  ...BATCH_SIZE,
  helpValue: 'N,...|max',
  parse: read<readonly (number | 'max')[]>((flag, text) => {
    const parts = text.split(',').map((part) => part.trim())
    const counts = parts.filter((part) => part !== 'max')
    const sizes = counts.length === 0 ? [] : parseRange(flag, counts.join(','))
    return counts.length === parts.length ? sizes : [...sizes, 'max']
  }),
})
/** Undefined for `auto`. */
export const batchTokens = Flags.custom<number>({
  summary: 'most tokens at a time',
  helpValue: 'N|auto',
  parse: read<number | undefined>((flag, text) => (text === 'auto' ? undefined : parseNumber(flag, text))),
})(usually('auto'))
const CACHE = { summary: 'how keys and values are kept' }
export const cache = Flags.custom<Cache>({ ...wordOf(CACHE_KINDS), ...CACHE, default: 'paged' })()
export const caches = Flags.custom<readonly Cache[]>({
  ...wordsOf(CACHE_KINDS),
  ...CACHE,
  default: ['paged'],
})()
const CACHE_DTYPE = { summary: 'precision of keys and values' }
export const cacheDtype = Flags.custom<CacheDtype>({
  ...wordOf(CACHE_DTYPES),
  ...CACHE_DTYPE,
  default: 'f32',
})()
export const cacheDtypes = Flags.custom<readonly CacheDtype[]>({
  ...wordsOf(CACHE_DTYPES),
  ...CACHE_DTYPE,
  default: ['f32'],
})()
export const repetitions = Flags.custom<number, NumberRule>({
  ...WHOLE,
  summary: 'rounds of measuring',
  char: 'r',
})
export const resume = Flags.boolean({ summary: 'resume an interrupted run, or start it' })
export const dryRun = Flags.boolean({
  summary: 'print the plan and the time it would take, and write nothing',
})

// What comes out.

export const output = Flags.custom<string>({
  summary: 'where the result is written',
  parse: read<string>(parsePlace),
  char: 'o',
  helpGroup: 'output',
  helpValue: '<path>',
})
export const record = output(usually('results'))
export const overwrite = Flags.boolean({
  summary: 'replace the record that is there',
  helpGroup: 'output',
})
/** The type of words that are not known yet is one that oclif could take for an array. */
export const outputFormat = <const W extends string>(formats: readonly W[]) =>
  Flags.custom<W>({ ...(wordOf(formats) as object), summary: 'form of the result', helpGroup: 'output' })
/** Of commands that print tables; json is what --json prints. */
export const TABLE_FORMS = [...GRID_FORMS, 'json'] as const
export const tableForm = outputFormat(TABLE_FORMS)({ default: 'table' })
export const layer = Flags.custom<number, NumberRule>(WHOLE)({ summary: 'show this layer alone, from 0' })
export const quiet = Flags.boolean({
  summary: 'no progress, no notes; warnings stay',
  char: 'q',
  helpGroup: 'output',
})
/** Taken out of what is typed before a command sees it (src/cli/main.ts). */
export const noColor = Flags.boolean({ summary: 'no colours, as NO_COLOR', helpGroup: 'output' })
export const json = Flags.boolean({
  summary: 'print the result as JSON, and nothing else',
  helpGroup: 'output',
})
