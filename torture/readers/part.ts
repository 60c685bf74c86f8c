/** The readers' part of the harness: thousands of damaged files, each read by whoever reads such files, and what they broke. */
import type { Broken, TorturePart, TortureRow } from '../part.js'
import type { Form } from './mutate.js'
import { runTries, type Tried } from './run-tries.js'
import { targetOf } from './targets/index.js'

/** Lines of progress. */
const EVERY = 500

/** What is done to files of a form. */
const HOW: Readonly<Record<Form, string>> = {
  json: 'values, keys',
  jsonl: 'values, keys, lines',
  text: 'words, lines',
  gzip: 'what is packed',
  safetensors: 'header, weights',
  parquet: 'footer, pages',
}

interface Row {
  forms: Set<string>
  tries: number
  broken: Broken[]
}

const readers: TorturePart = {
  name: 'readers',
  async run({ seed, count, folder, only, say }): Promise<TortureRow[]> {
    const numbers = only === undefined ? Array.from({ length: count }, (_, number) => number) : [only]
    const rows = new Map<string, Row>()
    const tries = numbers.map((number) => ({ number, target: targetOf(number).name }))
    let [done, broke] = [0, 0]
    const onTried = ({ number, fault, form }: Tried): void => {
      const { name, row: of = name } = targetOf(number)
      const row = rows.get(of) ?? { forms: new Set(), tries: 0, broken: [] }
      rows.set(of, row)
      row.tries++
      if (form !== null) row.forms.add(HOW[form])
      done++
      if (fault !== null) {
        broke++
        row.broken.push({ again: `--only readers --seed ${seed} --try ${number}`, what: fault })
        say(`try ${number}, ${name}: ${fault}`)
      }
      if (done % EVERY === 0) say(`${done} of ${tries.length} tries, ${broke} broken`)
    }
    const onSmallest = (file: string): void =>
      say(`smallest file that breaks the same: ${JSON.stringify(file).slice(0, 2_000)}`)
    await runTries({ folder, seed, tries }, onTried, onSmallest)
    return [...rows].map(([target, { forms, tries, broken }]) => ({
      target,
      how: howOf(forms),
      tries,
      broken,
    }))
  },
}

/** Any file may lose, gain and change bytes as well. */
const howOf = (forms: ReadonlySet<string>): string =>
  [...new Set([...forms].flatMap((form) => form.split(', '))), 'bytes'].join(', ')

export default readers
