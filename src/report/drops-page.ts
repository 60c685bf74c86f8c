/** The record of a text's drops as a page to look into: the record itself, and the script that shows it. */
import type { DropsRecord } from '../record/drops-schema.js'
import { nameText } from './drops-words.js'
import { type Client, renderPage } from './page.js'

/** @param client of the page `drops`; `readClient('drops')` */
export function dropsPage(record: DropsRecord, client: Client): string {
  return renderPage({ title: `What was dropped: ${nameText(record.text)}`, data: record, client })
}
