/** `asp report`: records -> one page that needs nothing else, for people to look at. */
import { resolve } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { AspCommand } from '../command.js'
import { EXIT } from '../errors.js'
import { loadRecords } from '../record/load.js'
import { writeWhole } from '../record/store.js'
import { renderReport } from '../report/report-page.js'

export interface ReportResult {
  page: string
  bytes: number
  records: string[]
}

export default class Report extends AspCommand {
  static override summary = 'Plots and tables of records as one HTML page'
  static override description =
    'Takes records of asp eval, ppl, bench, sweep, finetune and train, logs of trainings (train-log.jsonl), and folders with ' +
    'them, in any mixture. The page fetches nothing, is readable in light and dark, and prints. docs/report.md shows what is in it.'
  static override examples = [
    '<%= config.bin %> report results/ -o report.html',
    '<%= config.bin %> report sweep.json bench.json pruned/train-log.jsonl -o report.html --title "asp-tiny, December"',
  ]
  static override strict = false
  static override args = {
    records: Args.string({ description: 'records, logs, or folders with them', required: true }),
  }
  static override flags = {
    output: Flags.string({ description: 'the page', char: 'o', default: 'report.html' }),
    title: Flags.string({ description: 'its heading', default: 'asp report' }),
  }

  async run(): Promise<ReportResult> {
    const { argv, flags } = await this.parse(Report)
    const loaded = await loadRecords(argv as string[])
    const html = await renderReport(loaded, { title: flags.title, made: new Date() })
    const page = resolve(flags.output)
    await writeWhole(page, html, {
      hint: 'give --output a file name in a folder that exists and can be written to',
      exit: EXIT.usage,
    })
    this.log(page)
    return { page, bytes: Buffer.byteLength(html), records: loaded.map(({ file }) => file) }
  }
}
