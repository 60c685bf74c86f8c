/** Records -> pages: one file each that holds the data and the script that draws them (client/). */
import type { DropsRecord } from '../record/drops/schema.js'
import type { DropStatsRecord } from '../record/drops/stats-schema.js'
import { nameText } from './drops-words.js'
import type { XAxis } from './figures/axes.js'
import { figuresOf } from './figures/figures.js'
import type { PageData, RecordInfo } from './figures/rows.js'
import { type ClientName, readClient, renderPage } from './page.js'
import type { LoadedRecord, ReportedRecord } from './reported-record.js'

interface ReportOptions {
  title: string
  made: Date
  /** What quality and perplexity are drawn over; sparsity where undefined. */
  x?: XAxis
}

/** Of `asp report`. */
export const reportPage = (loaded: readonly LoadedRecord[], options: ReportOptions): Promise<string> =>
  page('report', options.title, pageDataOf(loaded, options))

/** Of `asp drops`. */
export const dropsPage = (record: DropsRecord): Promise<string> =>
  page('drops', `What was dropped: ${nameText(record.text)}`, record)

/** Of `asp drops stats`. */
export const dropStatsPage = (record: DropStatsRecord): Promise<string> =>
  page('drop-stats', 'Who is dropped, and by whom', record)

const page = async (name: ClientName, title: string, data: unknown): Promise<string> =>
  renderPage({ title, data, client: await readClient(name) })

export function pageDataOf(
  loaded: readonly LoadedRecord[],
  { title, made, x = 'sparsity' }: ReportOptions,
): PageData {
  return { title, made: made.toISOString(), x, records: loaded.map(infoOf), ...figuresOf(loaded) }
}

function infoOf({ file, record }: LoadedRecord): RecordInfo {
  // What a log knows of its run is in its first line.
  const run = record.schema === 'asp.train-log/1' ? record.run : record
  const environment = run.kind === 'compare' ? null : run.environment
  return {
    file,
    schema: record.schema,
    date: new Date(1000 * run.date).toISOString(),
    command: run.command.join(' '),
    ...statusOf(record),
    adapter: environment?.adapter.name ?? null,
    version: environment?.asp_version ?? null,
    commit: environment?.commit ?? null,
  }
}

function statusOf(record: ReportedRecord): Pick<RecordInfo, 'status' | 'model'> {
  if (record.schema === 'asp.compare/1') {
    return { status: record.verdict, model: record.base.settings.model ?? '' }
  }
  if (record.schema === 'asp.train-log/1') {
    return { status: `${record.steps.at(-1)?.step ?? 0} steps`, model: record.run.source.id }
  }
  return { status: record.status, model: 'model' in record ? record.model.id : record.source.id }
}
