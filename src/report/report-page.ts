/** Records -> the page of `asp report`: its data, and the one file that holds them and draws them (client/report). */
import type { AnyRecord, LoadedRecord } from '../record/io/any-record.js'
import { figuresOf } from './figures/figures.js'
import type { PageData, RecordInfo } from './figures/rows.js'
import { type Client, readClient, renderPage } from './page.js'

export interface ReportOptions {
  title: string
  made: Date
}

/** The HTML of the page. */
export async function renderReport(loaded: readonly LoadedRecord[], options: ReportOptions): Promise<string> {
  return renderReportWith(await readClient('report'), pageDataOf(loaded, options))
}

export const renderReportWith = (client: Client, data: PageData): string =>
  renderPage({ title: data.title, data, client })

export function pageDataOf(loaded: readonly LoadedRecord[], { title, made }: ReportOptions): PageData {
  return { title, made: made.toISOString(), records: loaded.map(infoOf), ...figuresOf(loaded) }
}

function infoOf({ file, record }: LoadedRecord): RecordInfo {
  // What a log knows of its run is in its first line.
  const run = record.schema === 'asp.train-log/1' ? record.run : record
  const shared = {
    file,
    schema: record.schema,
    date: new Date(1000 * run.date).toISOString(),
    command: run.command.join(' '),
  }
  if (run.kind === 'compare') {
    const { verdict, base } = run
    return {
      ...shared,
      status: verdict,
      model: base.settings.model ?? '',
      adapter: null,
      version: null,
      commit: null,
    }
  }
  const { environment } = run
  return {
    ...shared,
    status: run.kind === 'run' ? lastStep(record) : run.status,
    model: 'model' in run ? run.model.id : run.source.id,
    adapter: environment.adapter.name,
    version: environment.asp_version,
    commit: environment.commit,
  }
}

function lastStep(record: AnyRecord): string {
  const steps = record.schema === 'asp.train-log/1' ? record.steps : []
  return `${steps.at(-1)?.step ?? 0} steps`
}
