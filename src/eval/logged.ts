/** The documents of a sample log: all requests of each, none twice, none of another task or run. Pure. */
import { Failure } from '../errors.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { lineCount } from '../record/eval/samples.js'
import type { Task } from '../suites/task.js'

const HINT = 'the log is damaged or was put together by hand; score again into a new one'

/**
 * @param log its path, for messages
 * @throws Failure where a line is of another task, or a request is there twice
 */
export function checkRequests(log: string, task: string, lines: readonly SampleLine[]): void {
  const seen = new Set<string>()
  for (const [i, line] of lines.entries()) {
    const { task: own, row, index } = line
    const fault = own === task ? requestFault(seen, line) : `of ${own}`
    seen.add(`${row} ${index}`)
    if (fault === null) continue
    throw new Failure(`${log}: line ${i + 1} does not belong there, it is ${fault}`, { hint: HINT })
  }
}

function requestFault(seen: ReadonlySet<string>, line: SampleLine): string | null {
  const { row, index, of } = line
  if (index >= lineCount(line)) return `request ${index} of ${of}`
  return seen.has(`${row} ${index}`) ? 'a request that is there already' : null
}

/**
 * Lines up to and with the last document that is whole: documents are logged one after another, so that only the last can be torn.
 * @throws Failure where one before it is
 */
export function wholeLines(log: string, lines: readonly SampleLine[]): number {
  let whole = 0
  while (whole < lines.length) {
    const { row, of } = lines[whole]
    const count = lineCount(lines[whole])
    const own = lines.slice(whole, whole + count).filter((line) => line.row === row && line.of === of)
    if (own.length < count) {
      const isLast = whole + own.length === lines.length
      if (isLast) break
      const place = whole + own.length + 1
      throw new Failure(
        `${log}: line ${place} is of another document, the one before has ${own.length} of ${of}`,
        {
          hint: HINT,
        },
      )
    }
    whole += count
  }
  return whole
}

/**
 * @param chosen places of the documents that the run scores
 * @throws Failure where a line is of a document that the run does not have
 */
export function checkDocuments(task: Task, chosen: ReadonlySet<number>, lines: readonly SampleLine[]): void {
  const { suite, examples, documentHashes, requestCounts } = task
  const other = lines.find(
    ({ row, doc_id, doc_hash, of }) =>
      !chosen.has(row) ||
      doc_id !== examples[row]?.docId ||
      doc_hash !== documentHashes[row] ||
      of !== requestCounts[row],
  )
  if (other === undefined) return
  throw new Failure(
    `--resume: the log of ${suite.name} has document ${other.doc_id}, which is none of this run`,
    {
      hint: HINT,
    },
  )
}
