/** One record of every kind, as `asp report` gets them. */
import { compareRecords } from '../../src/compare/compare.js'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import { buildRecord } from '../../src/record/eval/build.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import type { LoadedRecord, ReportedRecord } from '../../src/report/reported-record.js'
import { answers, choiceTask, evalRecord, range } from '../compare/records.js'
import { benchParts } from '../record/bench-fixture.js'
import { hellaswag, recordParts, wikitext } from '../record/fixture.js'
import { contextParts, pplParts, SIZED_RULES } from '../record/ppl-fixture.js'
import { denseRecord, sweepRecord } from '../record/sweep-fixture.js'
import { CONTROL_OPTIONS, trainLog, trainRecord } from '../record/train-fixture.js'

export const RECORDS = {
  'dense.json': denseRecord(),
  'adaptive.json': buildRecord(recordParts({ tasks: [hellaswag, wikitext] })),
  'ppl.json': buildPplRecord(pplParts()),
  'ppl-local.json': buildPplRecord(
    pplParts({
      policy: { name: 'local', propagate_in_depth: null },
      contexts: [contextParts({ rules: SIZED_RULES })],
    }),
  ),
  // Of the same weights as the suites' records.
  'bench.json': buildBenchRecord(
    benchParts({ model: { ...benchParts().model, sha256: recordParts().model.sha256 } }),
  ),
  'train.json': trainRecord(),
  'train-log.jsonl': trainLog(),
  'control-log.jsonl': trainLog(CONTROL_OPTIONS),
  'sweep.json': sweepRecord(),
  'compare.json': compareRecords(
    { file: 'a.json', record: evalRecord([choiceTask(answers(40, 20))]) },
    [{ file: 'b.json', record: evalRecord([choiceTask(answers(40, 20, range(0, 9)))]) }],
    {
      alpha: 0.05,
      margins: {},
      metrics: null,
      date: new Date(1.7e12),
      command: ['asp', 'compare', 'a.json', 'b.json'],
    },
  ),
} satisfies Record<string, ReportedRecord>

/** In the order given; all of them where nothing is said. */
export function loaded(...files: (keyof typeof RECORDS)[]): LoadedRecord[] {
  const chosen = files.length > 0 ? files : (Object.keys(RECORDS) as (keyof typeof RECORDS)[])
  // As read from a file: what JSON does not hold is gone.
  return chosen.map((file) => ({ file, record: JSON.parse(JSON.stringify(RECORDS[file])) as ReportedRecord }))
}
