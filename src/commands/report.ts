/** `asp report`: records -> one page that needs nothing else, for people to look at; or plots in the terminal. */
import { extname, join, resolve } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { AspCommand, together } from '../cli/base-command.js'
import { usually, wordOf } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { DEFAULT_MODEL } from '../data/bundled.js'
import { Failure } from '../errors.js'
import { writeWhole } from '../record/io/store.js'
import { EXPORT_FORMS, EXPORTED, type ExportForm, exported } from '../report/export/forms.js'
import { X_AXIS_NAMES, type XAxis } from '../report/figures/axes.js'
import { loadRecords } from '../report/load.js'
import { PAGE } from '../report/page.js'
import { reportPage } from '../report/pages.js'
import { renderReportText } from '../report/text-plots.js'
import type { OutputKind } from '../run/existing.js'
import { type HeldPlace, holdFile } from '../run/place.js'

export interface ReportResult {
  /** Absolute path; null where only plots were printed. */
  page: string | null
  bytes: number
  records: string[]
  /** Absolute paths of what --export wrote. */
  exported: string[]
  /** What is wrong with records of folders that are left out. */
  skipped: string[]
}

export default class Report extends AspCommand {
  static override summary = 'Plots and tables of records as one HTML page'
  static override description =
    'Takes records of asp eval, ppl, bench, sweep, finetune and train, what asp compare --json prints, logs of trainings, and folders with ' +
    'them, in any mixture. A damaged record in a folder is named and left out. The page needs no network, has a light and a dark theme, and can be printed. docs/report.md shows what is in it.'
  static override examples = together([
    '<%= config.bin %> report results/ -o report.html',
    `<%= config.bin %> report sweep.json bench.json pruned/train-log.jsonl -o report.html --title "${DEFAULT_MODEL}, December"`,
    '<%= config.bin %> report results/ --plots',
    '<%= config.bin %> report sweep.json --x footprint',
    '<%= config.bin %> report eval.json bench.json --export github-benchmark -o benchmarks/',
  ])
  static override strict = false
  static override args = {
    records: Args.string({ description: 'records, logs, or folders with them', required: true }),
  }
  static override flags = {
    title: Flags.string({ summary: 'heading of the page', helpValue: '<text>', default: 'asp report' }),
    plots: Flags.boolean({
      summary: 'print the main plots in the terminal',
      aliases: ['text'],
      deprecateAliases: true,
    }),
    x: Flags.custom<XAxis>(wordOf(X_AXIS_NAMES))({
      summary: 'what quality and perplexity are drawn over',
      default: 'sparsity',
    }),
    export: Flags.custom<ExportForm>(wordOf(EXPORT_FORMS))({
      summary: 'write figures for other tools, in place of a page',
    }),
    output: shared.output(usually('report.html, none with --plots; with --export the current folder')),
  }

  async run(): Promise<ReportResult> {
    const { argv, flags } = await this.parse(Report)
    if (flags.export === undefined) checkName(flags.output)
    const skipped: string[] = []
    const loaded = await loadRecords(argv as string[], ({ message }) => {
      skipped.push(message)
      this.logToStderr(`left out: ${message}`)
    })
    const records = loaded.map(({ file }) => file)
    if (flags.plots) this.log(renderReportText(loaded, process.stdout.columns, flags.x))
    const result = { page: null, bytes: 0, records, exported: [] as string[], skipped }
    if (flags.export !== undefined) {
      const files = exported(loaded, flags.export)
      for (const [name, text] of Object.entries(files)) {
        const named = placeOf(flags.output, name, Object.keys(files).length)
        const isNamed = named === flags.output
        const held = await holdView(resolve(named), named, EXPORTED[flags.export], isNamed)
        await writeWhole(resolve(named), text).finally(() => held.release(true))
        result.exported.push(resolve(named))
      }
      this.log(result.exported.join('\n'))
      return result
    }
    const output = flags.output ?? (flags.plots ? null : 'report.html')
    if (output === null) return result
    const page = resolve(output)
    const held = await holdView(page, output, PAGE)
    try {
      const html = await reportPage(loaded, { title: flags.title, made: new Date(), x: flags.x })
      await writeWhole(page, html)
      this.log(page)
      return { ...result, page, bytes: Buffer.byteLength(html) }
    } finally {
      await held.release(true)
    }
  }
}

/** `output` names a folder, or, where there is one file, that. */
const placeOf = (output = '.', name: string, files: number): string =>
  files === 1 && extname(output) === extname(name) ? output : join(output, name)

/** All of it is in the records: it may be made anew. A folder in which asp names the files is made where it is missing. */
const holdView = (file: string, named: string, kind: OutputKind, inFolder = true): Promise<HeldPlace> =>
  holdFile(file, named, { kind, ifThere: 'replace', flag: '--output', inFolder })

/** A glob after -o names a record first. */
function checkName(output: string | undefined): void {
  if (output === undefined || /\.html?$/i.test(output)) return
  throw new Failure(`--output: must end in .html, got ${output}`, { hint: '--output report.html' })
}
