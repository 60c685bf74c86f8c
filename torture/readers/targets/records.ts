/** Records of every kind, read as asp report and asp compare read them, and all that is shown of those that are taken. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { comparePairs } from '../../../src/compare/compare.js'
import { readPairs } from '../../../src/compare/read-pairs.js'
import { parseRecord, textOf } from '../../../src/record/io/read.js'
import type { Schema } from '../../../src/record/io/records.js'
import { WRITTEN_BY } from '../../../src/record/kinds.js'
import { renderAnnotations, renderJunit } from '../../../src/report/compare-ci.js'
import { renderCompareMarkdown } from '../../../src/report/compare-markdown.js'
import { renderCompare } from '../../../src/report/compare-table.js'
import { colouredOutput, output } from '../../../src/report/escape.js'
import { EXPORT_FORMS, exported } from '../../../src/report/export/forms.js'
import { loadRecords } from '../../../src/report/load.js'
import { reportPage } from '../../../src/report/pages.js'
import { renderReportText } from '../../../src/report/text-plots.js'
import { statsRecord } from '../../../test/record/drop-stats-fixture.js'
import { dropsRecord } from '../../../test/record/drops-fixture.js'
import { logText } from '../../../test/record/train-fixture.js'
import { RECORDS } from '../../../test/report/records-fixture.js'
import type { Case, Target } from '../target.js'

type Name = keyof typeof RECORDS

/** As the command writes it. */
function textOfRecord(name: Name): string {
  const record = RECORDS[name]
  return record.schema === 'asp.train-log/1' ? logText(record) : JSON.stringify(record)
}

const caseOf = (changed: string, text: string): Case => ({
  files: { [changed]: text },
  changed,
  form: changed.endsWith('.jsonl') ? 'jsonl' : 'json',
})

const MADE = new Date(1.7e12)

const report = (name: Name): Target => ({
  name: `records: asp report, ${name}`,
  row: `records: asp report, ${RECORDS[name].schema}`,
  cases: () => [caseOf(name, textOfRecord(name))],
  // The last line of a log may be torn.
  lenient: name.endsWith('.jsonl'),
  async read(folder, changed) {
    const loaded = await loadRecords([join(folder, changed)])
    const files = EXPORT_FORMS.flatMap((form) => {
      try {
        return Object.values(exported(loaded, form))
      } catch (error) {
        // Forms that have no figures of such a record refuse it.
        if (error instanceof Error && error.name === 'Failure') return []
        throw error
      }
    })
    const page = await reportPage(loaded, { title: 'torture', made: MADE })
    return { shown: [output(renderReportText(loaded, 100)), ...files, withoutScripts(page)] }
  },
})

/** The page's own program has words that no figure may be. */
const withoutScripts = (page: string): string =>
  page.replace(/<(script|style)\b(?![^>]*json)[^>]*>.*?<\/\1>/gs, '')

const compare = (name: Name): Target => ({
  name: `records: asp compare, ${name}`,
  row: `records: asp compare, ${RECORDS[name].schema}`,
  cases: () =>
    ['base.json', 'other.json'].map((changed) => ({
      files: { 'base.json': textOfRecord(name), 'other.json': textOfRecord(name) },
      changed,
      form: 'json' as const,
    })),
  async read(folder) {
    const { pairs } = await readPairs(['base.json', 'other.json'].map((file) => join(folder, file)))
    const record = comparePairs(pairs, {
      alpha: 0.05,
      margins: {},
      metrics: null,
      date: MADE,
      command: ['asp'],
    })
    const shown = [
      colouredOutput(renderCompare(record, { flips: 10 }, {})),
      output(renderCompareMarkdown(record, { flips: 10 })),
      renderJunit(record, { strict: false }),
      output(renderAnnotations(record)),
    ]
    return { shown }
  },
})

/** A folder as asp report takes it: the whole record stays, whatever became of the other. */
const inFolder: Target = {
  name: 'records: asp report, a folder',
  cases: () => [
    {
      files: { 'r/a.json': textOfRecord('dense.json'), 'r/b.json': textOfRecord('bench.json') },
      changed: 'r/b.json',
      form: 'json',
    },
  ],
  // Files that are no records any more are passed over.
  lenient: true,
  async read(folder) {
    const shown: string[] = []
    const loaded = await loadRecords([join(folder, 'r')], ({ message }) => shown.push(output(message)))
    if (!loaded.some(({ file }) => file.endsWith('a.json'))) throw new Error('the whole record is left out')
    return { shown: [...shown, output(renderReportText(loaded, 100))] }
  },
}

/** Kinds that no command reads back, but which are checked like the others. */
const checked: Target = {
  name: 'records: checked, asp.drops/1 and asp.drop-stats/1',
  cases: () => [
    caseOf('drops.json', JSON.stringify(dropsRecord())),
    caseOf('drop-stats.json', JSON.stringify(statsRecord())),
  ],
  async read(folder, changed) {
    const file = join(folder, changed)
    await parseRecord(file, textOf(readFileSync(file)), Object.keys(WRITTEN_BY) as Schema[])
  },
}

const names = Object.keys(RECORDS) as Name[]
const COMPARED: readonly Name[] = ['dense.json', 'adaptive.json', 'ppl.json', 'bench.json', 'sweep.json']

export const REPORTED: readonly Target[] = [...names.map(report), ...COMPARED.map(compare), inFolder, checked]
