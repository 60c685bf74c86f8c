/** A task -> its definition and documents in lm-eval's terms, for `--output-format lm-eval`. Pure. */

import type { SampleLine } from '../record/eval/sample-schema.js'
import type { LmEvalConfig, LmEvalTask } from '../record/lm-eval/lm-eval.js'
import type { PythonValue } from '../record/lm-eval/python-json.js'
import type { LmEvalDocument } from '../record/lm-eval/samples.js'
import type { Example } from '../suites/example.js'
import { higherIsBetter, METRICS } from '../suites/metrics.js'
import { PREPARATIONS, type PreparationName } from '../suites/preparations.js'
import type { Suite } from '../suites/suite.js'
import type { Task } from '../suites/task.js'

/**
 * What lm-eval's `process_docs` adds to the rows of a suite, by asp's preparation; the other preparations are functions
 * or templates there and leave its documents, and their hashes, as the rows are.
 */
const PROCESSED: Partial<Record<PreparationName, (row: Example['row']) => Example['row']>> = {
  hellaswag: (row) => ({ ...PREPARATIONS.hellaswag.fields(row), gold: Number(row.label) }),
}

/** Suites whose `doc_to_target` gives the right choice itself, where others of one context give its index. */
const TARGET_IS_CHOICE: readonly (PreparationName | undefined)[] = ['copa', 'commonsense_qa']

export function lmEvalTask({ suite, examples }: Task, lines: readonly SampleLine[]): LmEvalTask {
  const documents = examples.map((example) => lmEvalDocument(suite, example))
  return { name: suite.name, config: lmEvalConfig(suite), documents, lines }
}

function lmEvalDocument(suite: Suite, example: Example): LmEvalDocument {
  const { docId, row, pairs } = example
  const added = suite.prepare ? (PROCESSED[suite.prepare]?.(row) ?? {}) : {}
  const rolling = suite.output === 'loglikelihood_rolling'
  return {
    id: docId,
    // Rows come from JSON and parquet, which hold nothing else.
    doc: { ...row, ...added } as LmEvalDocument['doc'],
    target: target(suite, example),
    arguments: pairs.map(({ context, continuation }) => (rolling ? [continuation] : [context, continuation])),
  }
}

function target(suite: Suite, { gold, pairs, target }: Example): string {
  if (suite.output !== 'multiple_choice' || gold === null || !TARGET_IS_CHOICE.includes(suite.prepare))
    return target
  return pairs[gold].continuation.slice(suite.delimiter.length)
}

/** Functions of lm-eval's that asp has as a named preparation are told by that name, not as source text. */
function lmEvalConfig(suite: Suite): LmEvalConfig {
  const { repo, config, split } = suite.dataset
  const better = higherIsBetter(suite)
  const texts = templates(suite)
  return {
    task: suite.name,
    dataset_path: repo,
    dataset_name: config ?? undefined,
    [split === 'test' ? 'test_split' : 'validation_split']: split,
    process_docs: suite.prepare && `asp: ${suite.prepare}`,
    doc_to_text: texts.text,
    doc_to_target: texts.target,
    unsafe_code: false,
    doc_to_choice: texts.choice,
    description: '',
    target_delimiter: suite.output === 'multiple_choice' ? suite.delimiter : '',
    fewshot_delimiter: '\n\n',
    num_fewshot: 0,
    metric_list: suite.metrics.map((metric) => ({
      metric,
      aggregation: METRICS[metric].kind === 'ratio' || metric === 'perplexity' ? metric : 'mean',
      higher_is_better: better[metric],
    })),
    output_type: suite.output,
    repeats: 1,
    should_decontaminate: false,
    metadata: { version: suite.version, protocol: suite.protocol },
  }
}

function templates(suite: Suite): Record<'text' | 'target' | 'choice', PythonValue | undefined> {
  if (suite.output === 'multiple_choice')
    return { text: jinja(suite.context), target: jinja(suite.gold), choice: jinja(suite.choices) }
  if (suite.output === 'loglikelihood')
    return { text: jinja(suite.context), target: jinja(suite.target), choice: undefined }
  return { text: '', target: jinja(suite.text), choice: undefined }
}

/** `{field}` as lm-eval writes it. */
function jinja(template: string | readonly string[]): PythonValue {
  if (typeof template !== 'string') return template.map(jinja)
  return template.replace(/\{(\w+)\}/g, '{{$1}}')
}
