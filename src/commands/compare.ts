/** `asp compare`: what changed from one record to others, whether that can be told from chance, and an exit code for CI. */
import { Args, Flags } from '@oclif/core'
import { AspCommand, asNumber } from '../cli/base-command.js'
import { type CompareOptions, compareRecords } from '../compare/compare.js'
import { exitOf } from '../compare/exit.js'
import { parseMargins, USUAL_MARGINS } from '../compare/margins.js'
import { withTexts } from '../compare/texts.js'
import { Failure } from '../errors.js'
import type { CompareRecord } from '../record/compare/schema.js'
import { readAny } from '../record/io/read-any.js'
import { type OutputTarget, prepareOutput, writeWhole } from '../record/io/store.js'
import { renderAnnotations } from '../report/compare-annotations.js'
import { renderJunit } from '../report/compare-junit.js'
import { renderCompareMarkdown } from '../report/compare-markdown.js'
import { renderCompare } from '../report/compare-table.js'
import { documentTexts } from '../suites/document-texts.js'

export default class Compare extends AspCommand {
  static override summary = 'Compare records: better, same, worse or inconclusive, for people and for CI'
  static override description =
    'Pairs documents, windows and rounds of the first record (the base) with those of each other one. Worse needs a ' +
    'test that holds after correction for all tests made, and a loss beyond the margin; docs/compare.md says how. Exit ' +
    'codes: 0 not worse, 1 worse, 2 usage or unreadable, 3 not comparable, 4 inconclusive (0 unless --strict).'
  static override examples = [
    '<%= config.bin %> compare main.json branch.json',
    '<%= config.bin %> compare main.json branch.json --margin acc=0.01,word_perplexity=1% --strict',
    '<%= config.bin %> compare dense.json adaptive.json streaming.json --markdown',
  ]
  static override strict = false
  static override args = {
    base: Args.string({ description: 'the record that others are held against, then those', required: true }),
  }
  static override flags = {
    margin: Flags.string({
      description: 'losses that are taken for none, in the unit of the metric or in percent of the base',
      helpValue: 'acc=0.01,word_perplexity=1%',
    }),
    metrics: Flags.string({ description: `only these: ${Object.keys(USUAL_MARGINS).join(', ')}` }),
    alpha: Flags.string({ description: 'chance of any false alarm, over all tests', default: '0.05' }),
    strict: Flags.boolean({ description: 'exit code 4 where it is not known whether anything is worse' }),
    markdown: Flags.boolean({ description: 'Markdown, for a comment on a pull request' }),
    junit: Flags.string({ description: 'also write a JUnit report here', helpValue: '<file>' }),
    flips: Flags.integer({ description: 'changed documents to list, of each metric', default: 10, min: 0 }),
    data: Flags.string({
      description: 'file or folder with the items, or "sample", for the texts of changed documents',
    }),
  }

  async run(): Promise<CompareRecord> {
    const { argv, flags } = await this.parse(Compare)
    const files = argv as string[]
    if (files.length < 2) {
      throw new Failure('compare: needs a base and at least one other record, got one', {
        hint: 'asp compare base.json new.json',
      })
    }
    const options = optionsOf(flags)
    const records = []
    for (const file of files) records.push({ file, record: await readAny(file) })
    const junit = flags.junit === undefined ? null : await junitPlace(flags.junit)
    const [base, ...others] = records
    const compared = compareRecords(base, others, options)
    const record = await withTexts(compared, base.record, (task) => documentTexts(task, flags.data))
    if (junit !== null) await writeWhole(junit.path, renderJunit(record, flags))
    this.log(flags.markdown ? renderCompareMarkdown(record, flags) : renderCompare(record, flags))
    // Not to standard output: under --json that is the record's, under --markdown the comment's.
    const annotations = process.env.GITHUB_ACTIONS === 'true' ? renderAnnotations(record) : ''
    if (annotations !== '') process.stderr.write(`${annotations}\n`)
    process.exitCode = exitOf(record.verdict, flags.strict)
    return record
  }
}

/** Tried before anything is compared. */
function junitPlace(file: string): Promise<OutputTarget> {
  return prepareOutput(file, 'asp-compare.xml', '.xml').catch((cause: Error) => {
    throw new Failure(cause.message, { hint: 'give --junit an .xml file in a folder that is there', cause })
  })
}

function optionsOf(flags: { margin?: string; metrics?: string; alpha: string }): CompareOptions {
  const alpha = asNumber('--alpha', flags.alpha) ?? Number.NaN
  if (!(alpha > 0 && alpha < 0.5)) {
    throw new Failure(`--alpha: must be above 0 and below 0.5, got ${flags.alpha}`, { hint: '--alpha 0.05' })
  }
  const metrics = flags.metrics?.split(',').map((metric) => metric.trim()) ?? null
  const unknown = metrics?.find((metric) => !(metric in USUAL_MARGINS))
  if (unknown !== undefined) {
    throw new Failure(
      `--metrics: must be of ${Object.keys(USUAL_MARGINS).join(', ')}, got ${JSON.stringify(unknown)}`,
      {
        hint: 'for example --metrics acc,acc_norm',
      },
    )
  }
  return {
    alpha,
    margins: flags.margin === undefined ? {} : parseMargins(flags.margin),
    metrics,
    date: new Date(),
    command: ['asp', ...process.argv.slice(2)],
  }
}
