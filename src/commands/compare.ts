/** `asp compare`: what changed from one record to others, whether that can be told from chance, and an exit code for CI. */
import { resolve } from 'node:path'
import { Args, Flags, type Interfaces } from '@oclif/core'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { number, read, whole, wordsOf } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { endUnwritten, failuresEndWith } from '../cli/report-error.js'
import { type CompareOptions, comparePairs } from '../compare/compare.js'
import { type Margins, parseMargins, USUAL_MARGINS } from '../compare/margins.js'
import { readPairs } from '../compare/read-pairs.js'
import { withTexts } from '../compare/texts.js'
import { exitOf } from '../compare/verdict.js'
import { EXIT, Failure } from '../errors.js'
import type { CompareRecord } from '../record/compare/schema.js'
import { JUNIT_REPORT, renderAnnotations, renderJunit } from '../report/compare-ci.js'
import { renderCompareMarkdown } from '../report/compare-markdown.js'
import { renderCompare } from '../report/compare-table.js'
import { keep } from '../run/flow.js'
import { holdFile } from '../run/place.js'

const METRICS = Object.keys(USUAL_MARGINS)

export default class Compare extends AspCommand {
  static override summary = 'Compare records: better, same, worse or inconclusive, for people and for CI'
  static override description =
    'Pairs documents, windows and rounds of the first record (the base) with those of each other one; folders are paired ' +
    'record by record, by suites, model, policy and level. Worse needs a ' +
    'difference that is significant after correction for all tests, and a loss beyond the margin (docs/compare.md). Exit ' +
    'codes: 0 not worse, 1 worse, 2 usage or unreadable, 3 not comparable, 4 inconclusive (0 unless --strict).'
  static override examples = together([
    '<%= config.bin %> compare main.json branch.json',
    '<%= config.bin %> compare main.json branch.json --margin acc=0.01,word_perplexity=1% --strict',
    '<%= config.bin %> compare dense.json adaptive.json streaming.json --output-format md',
  ])
  static override strict = false
  static override args = {
    base: Args.string({
      description: 'baseline record or folder, then the records or folders to compare',
      required: true,
    }),
  }
  static override flags = {
    margin: Flags.custom<Margins>({ parse: read<Margins>((_flag, text) => parseMargins(text)) })({
      summary: 'losses small enough to ignore, in units of the metric or percent of the base',
      helpValue: 'acc=0.01,...',
    }),
    metrics: Flags.custom<readonly string[]>(wordsOf(METRICS))({
      summary: `only these metrics: ${METRICS.join(', ')}`,
      helpValue: '<name>,...',
    }),
    significance: number({
      summary: 'chance of any false alarm, over all tests',
      default: 0.05,
      aliases: ['alpha'],
      deprecateAliases: true,
    }),
    strict: Flags.boolean({ summary: 'exit code 4 if the verdict is inconclusive' }),
    flips: whole({ summary: 'changed documents to list, of each metric', default: 10, least: 0 }),
    data: shared.data(),
    'output-format': shared.tableForm,
    markdown: Flags.boolean({ hidden: true, deprecated: { to: '--output-format md' } }),
    junit: Flags.string({
      summary: 'also write a JUnit report here',
      helpGroup: 'output',
      helpValue: '<file>',
    }),
  }

  async run(): Promise<CompareRecord> {
    // 1 is for a verdict.
    failuresEndWith(EXIT.usage)
    const { argv, flags } = await this.parse(Compare)
    const files = argv as string[]
    if (files.length < 2) {
      throw new Failure('compare: needs a base and at least one other record, got one', {
        hint: 'asp compare base.json new.json',
      })
    }
    const options = optionsOf(flags)
    const { pairs, notes } = await readPairs(files)
    if (flags.junit !== undefined) await tryJunit(flags.junit)
    const compared = comparePairs(pairs, options)
    compared.comparisons[0].notes.push(...notes)
    const bases = pairs.map(({ base }) => base.record)
    const record = await withTexts(compared, bases, async (task) => {
      const { documentTexts } = await import('../suites/document-texts.js')
      return documentTexts(task, flags.data)
    })
    const isMarkdown = flags.markdown || flags['output-format'] === 'md'
    const sheet = this.sheetOptions(flags['output-format'])
    if (isMarkdown) this.log(renderCompareMarkdown(record, flags))
    else this.logColoured(renderCompare(record, flags, sheet))
    // Not to standard output: under --json that is the record's, under --output-format md the comment's.
    const annotations = process.env.GITHUB_ACTIONS === 'true' ? renderAnnotations(record) : ''
    if (annotations !== '') process.stderr.write(`${annotations}\n`)
    process.exitCode = exitOf(record.verdict, flags.strict)
    if (flags.junit !== undefined) {
      const report = renderJunit(record, flags)
      await keep(resolve(flags.junit), report, endUnwritten)
    }
    return record
  }
}

/** Before anything is compared. */
async function tryJunit(file: string): Promise<void> {
  if (!file.endsWith('.xml')) {
    throw new Failure(`--junit: must end in .xml, got ${file}`, { hint: '--junit asp-compare.xml' })
  }
  const place = await holdFile(resolve(file), file, {
    kind: JUNIT_REPORT,
    ifThere: 'replace',
    flag: '--junit',
  })
  await place.release(true)
}

function optionsOf(flags: Interfaces.InferredFlags<typeof Compare.flags>): CompareOptions {
  const { significance, metrics = null, margin = {} } = flags
  if (!(significance > 0 && significance < 0.5)) {
    throw new Failure(`--significance: must be above 0 and below 0.5, got ${significance}`, {
      hint: '--significance 0.05',
    })
  }
  return { alpha: significance, margins: margin, metrics, date: new Date(), command: commandLine() }
}
