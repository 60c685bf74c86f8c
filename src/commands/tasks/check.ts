/** `asp tasks check`: proves, without a model, that requests are built as lm-eval builds them. */
import { Args } from '@oclif/core'
import { fallbackWatch } from '../../cli/attended.js'
import { AspCommand, together } from '../../cli/base-command.js'
import * as shared from '../../cli/flags.js'
import { createProgress } from '../../cli/progress.js'
import { EXIT } from '../../errors.js'
import { type Column, left, renderGrid } from '../../report/grid.js'
import type { SheetOptions } from '../../report/sheet.js'
import { type Check, type Conformance, checkConformance } from '../../suites/conformance.js'
import type { DataOrigin } from '../../suites/dataset.js'
import { loadExamples } from '../../suites/example.js'
import { selectSuites } from '../../suites/groups.js'
import { readDocuments } from '../../suites/source.js'

type Result = Conformance & { data: DataOrigin }

export default class TasksCheck extends AspCommand {
  static override summary =
    'Build every request of a suite and compare its hash with lm-eval’s, without a model'
  static override description =
    'Requests are written in the form of lm-eval 0.3, documents shuffled by Random(42), and hashed with SHA-256; the ' +
    'metrics are those of a model that answers -random(). Both are compared with the golden values of lm-eval’s own ' +
    'tests, which are over the whole split: rows with `idx` are put in its order first. Exit code 0 if everything ' +
    'matches; 1 if not, if the split is not whole, or if no golden value is known.'
  static override examples = together([
    '<%= config.bin %> tasks check piqa --data ./piqa',
    '<%= config.bin %> tasks check "arc_*" --json',
  ])
  static override strict = false
  static override args = {
    suites: Args.string({ description: 'suites, groups and globs, or paths of suite files', required: true }),
  }
  static override flags = {
    data: shared.data(),
    'strict-data': shared.strictData,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<Result[]> {
    const { argv, flags } = await this.parse(TasksCheck)
    const progress = await createProgress({ quiet: flags.quiet })
    const { suites: asked, optional } = selectSuites(argv as string[])
    const results: Result[] = []
    try {
      progress.start('Reading documents')
      const { suites, datasets } = await readDocuments(asked, {
        data: flags.data,
        optional,
        onFallback: fallbackWatch(flags['strict-data']),
      })
      for (const [i, suite] of suites.entries()) {
        const { rows, origin } = datasets[i]
        results.push({ ...checkConformance(suite, loadExamples(suite, rows)), data: origin })
      }
    } finally {
      progress.stop()
    }
    const options = this.sheetOptions(flags['output-format'])
    this.log(results.map((result) => format(result, options)).join('\n\n'))
    if (results.some(({ verdict }) => verdict !== 'match')) process.exitCode = EXIT.failed
    return results
  }
}

function format(result: Result, { form, width }: SheetOptions): string {
  const columns: Column<Check>[] = [
    left(result.suite, ({ name }) => name),
    left('Built here', ({ got }) => valueText(got)),
    left('lm-eval', ({ expected }) => valueText(expected ?? '-')),
    left(
      'Same',
      ({ match }) => mark(match, result),
      (checks) => checks.some(({ match }) => mark(match, result) !== ''),
    ),
  ]
  const table = renderGrid(columns, result.checks, { form, width })
  if (form === 'csv' || form === 'tsv') return table
  return `${table}\n${form === 'md' ? '\n' : form === 'latex' ? '% ' : ''}${result.data.note}: ${SAID[result.verdict](result)}`
}

/** The beginning of a hash tells two apart; --json has all of it. */
const HASH = /^[0-9a-f]{64}$/
const valueText = (value: number | string): string =>
  typeof value === 'string' && HASH.test(value) ? `${value.slice(0, 16)}...` : String(value)

/** Of a part of the split nothing can match, so that is not called a difference. */
function mark(match: Check['match'], { verdict }: Result): string {
  if (match === null || verdict === 'partial') return ''
  return match ? 'match' : 'DIFFERS'
}

const SAID: Record<Conformance['verdict'], (result: Result) => string> = {
  match: () => 'match',
  mismatch: ({ checks }) => {
    const names = checks.filter(({ match }) => match === false).map(({ name }) => name)
    return `no match, ${names.join(', ')} ${names.length === 1 ? 'differs' : 'differ'}`
  },
  partial: ({ documents, checks }) => {
    const whole = checks.find(({ name }) => name === 'documents')?.expected
    return `${documents} of ${whole} documents; the golden values are for the whole split, so nothing is proved`
  },
  unknown: () => 'no golden value of this suite is known, so there is nothing to compare with',
}
