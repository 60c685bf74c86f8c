/** `node --import tsx scripts/recall.ts`: prints docs/recall.md with its last sections made anew from the records of `asp recall` in results/. */
import { readFileSync } from 'node:fs'
import type { SweepRecord } from '../src/record/sweep/schema.js'
import { renderRecall } from '../src/report/recall-table.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const SECTIONS = [
  {
    heading: '## A model that can look back',
    record: 'results/recall-asp-recall.json',
    says: `A checkpoint that comes with asp and was taught to find things again, then to drop context ([models/README.md](../models/README.md)): dense it knows
a pass key, a needle that holds its question, and passages, at any distance up to 1,000 tokens; several needles it does not tell apart. The
learned policy keeps what is asked for later though it cannot know the question; policies that keep what is recent lose it.`,
  },
  {
    heading: '## A model that cannot',
    record: 'results/recall-asp-tiny.json',
    says: 'It copies a little, and it knows no pass key: there no policy can do harm, and the result says so.',
  },
]

const [before] = read('docs/recall.md').split(SECTIONS[0].heading)
const sections = SECTIONS.map(({ heading, record, says }) => {
  const run = JSON.parse(read(record)) as SweepRecord
  return `${heading}

${record}, made with

    ${run.command.join(' ')}

${says}

${renderRecall(run, { form: 'md' })}
`
})
process.stdout.write(`${before}${sections.join('\n')}`)
