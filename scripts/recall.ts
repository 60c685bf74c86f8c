/** `node --import tsx scripts/recall.ts`: prints docs/recall.md with its last section made anew from results/recall-asp-tiny.json. */
import { readFileSync } from 'node:fs'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import { renderRecall } from '../src/report/recall-table.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const HEADING = '## A record'
const RECORD = 'results/recall-asp-tiny.json'

const record = JSON.parse(read(RECORD)) as SweepRecord
const [before] = read('docs/recall.md').split(HEADING)
process.stdout.write(`${before}${HEADING}

The bundled model, ${RECORD}, made with

    ${record.command.join(' ')}

It copies a little, and it knows no pass key: there no policy can do harm, and the result says so.

${renderRecall(record, { form: 'md' })}
`)
