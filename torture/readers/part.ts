/** The readers' part of the harness: thousands of damaged files, each read by whoever reads such files, and what they broke. */
import type { Broken, TorturePart, TortureRow } from '../part.js'
import { runTries, type Tried } from './run-tries.js'
import { targetOf } from './targets/index.js'

/** Lines of progress. */
const EVERY = 500

const readers: TorturePart = {
  name: 'readers',
  async run({ seed, count, folder, only, say }): Promise<TortureRow[]> {
    const numbers = only === undefined ? Array.from({ length: count }, (_, number) => number) : [only]
    const rows = new Map<string, { tries: number; broken: Broken[] }>()
    const tries = numbers.map((number) => ({ number, target: targetOf(number).name }))
    let [done, broke] = [0, 0]
    const onTried = ({ number, fault }: Tried): void => {
      const target = targetOf(number).name
      const row = rows.get(target) ?? { tries: 0, broken: [] }
      rows.set(target, row)
      row.tries++
      done++
      if (fault !== null) {
        broke++
        row.broken.push({ again: `--only readers --seed ${seed} --try ${number}`, what: fault })
        say(`try ${number}, ${target}: ${fault}`)
      }
      if (done % EVERY === 0) say(`${done} of ${tries.length} tries, ${broke} broken`)
    }
    const onSmallest = (file: string): void =>
      say(`smallest file that breaks the same: ${JSON.stringify(file).slice(0, 2_000)}`)
    await runTries({ folder, seed, tries }, onTried, onSmallest)
    return [...rows].map(([target, { tries, broken }]) => ({ target, how: 'changed files', tries, broken }))
  },
}

export default readers
