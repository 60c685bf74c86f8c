/** Makes the tests of some of the cases: every case x (score, decode, fine-tune) x every device there is to test on. */
import { onEachAdapter } from '../../gpu.js'
import { CASES } from './cases.js'
import { TASKS } from './cells.js'

/** Writes how far each was off. */
const SHOW = process.env.ASP_TEST_DIFFERENCES !== undefined

export async function holdOptions(title: string, options: readonly string[]): Promise<void> {
  await onEachAdapter(title, (test, open) => {
    for (const one of CASES.filter(({ option }) => options.includes(option))) {
      for (const [task, hold] of Object.entries(TASKS)) {
        test(`${one.option}, ${one.name}: ${task}`, async () => {
          const worst = await hold(open, one)
          const line = `${open.adapter.kind}\t${one.name}\t${task}\t${worst.toExponential(1)}\n`
          if (SHOW) process.stderr.write(line)
        })
      }
    }
  })
}
