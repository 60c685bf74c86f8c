/** The process in which readers are tried: it may hang, run out of memory or crash, and another one goes on. */
import { kindOf, minimise } from './minimise.js'
import { HARNESS, type Order, type Report } from './order.js'
import type { Target } from './target.js'
import { TARGETS } from './targets/index.js'
import { Tries } from './try.js'

/** Bytes this process may have held at its peak before another takes its place, so that a later peak is seen. */
const WORN = 2 ** 30

const say = (report: Report): Promise<void> =>
  new Promise((resolve) => process.send?.(report, undefined, {}, () => resolve()))

async function obey({ folder, seed, tries }: Order): Promise<void> {
  // Nothing that is written by a relative path may land in the checkout.
  process.chdir(folder)
  const done = new Tries(TARGETS, folder, seed)
  for (const { number, target: name } of tries) {
    const target = TARGETS.find((one) => one.name === name)
    if (target === undefined) throw new Error(`no target ${name}`)
    await say({ began: number })
    const { fault, form } = await done.run(target, number)
    await say({ ended: number, fault, form })
    if (tries.length === 1 && fault !== null)
      await say({ smallest: await smallest(done, target, number, fault) })
    if (1024 * process.resourceUsage().maxRSS > WORN) return
  }
}

async function smallest(tries: Tries, target: Target, number: number, fault: string): Promise<string> {
  const { original, bytes } = await tries.input(target, number)
  const breaks = async (smaller: Buffer): Promise<boolean> =>
    kindOf(await tries.judge(target, original, smaller)) === kindOf(fault)
  return (await minimise(bytes, breaks)).toString('latin1')
}

process.once('message', (order: Order) => {
  obey(order).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      process.exit(HARNESS)
    },
  )
})
