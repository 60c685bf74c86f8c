/** A recall task as a suite: what a suite file would say of it, but for items, which are made for the model at hand. */
import { parseRecallSuite, RECALL_TASKS, type RecallSuite, recallSuiteName } from './tasks.js'

const METRICS: readonly ['acc', 'exact_match', 'margin'] = ['acc', 'exact_match', 'margin']

/** Null where no task has that name. */
export function recallSuite(name: string) {
  const recall = parseRecallSuite(name)
  return recall === null ? null : suiteOf(recall)
}

function suiteOf(recall: RecallSuite) {
  const { summary, ...more } = RECALL_TASKS[recall.task]
  const hasContexts = 'contexts' in more
  return {
    name: recallSuiteName(recall),
    summary,
    version: 1,
    dataset: {
      recall,
      repo: '',
      config: null,
      revision: '',
      files: '',
      split: 'generated',
      docs: null,
      columns: { context: 'string', other: 'string', choices: 'strings', gold: 'index' } as const,
    },
    output: 'multiple_choice' as const,
    context: hasContexts ? ['{context}', '{other}'] : '{context}',
    delimiter: '',
    ...('makeAll' in more ? { cluster: '{group}' } : {}),
    choices: '{choices}',
    gold: '{gold}',
    metrics: [...METRICS],
    protocol: 'asp recall 1',
    reference: [],
  }
}
