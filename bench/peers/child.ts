/** The process of one row: `node child.ts ROW MODEL OPTIONS`; opens the peer, then answers the parent's calls. */

import { describeModel } from './model.js'
import type { OpenOptions } from './peer.js'
import type { Answer, Call } from './remote.js'
import { ROWS } from './rows.js'

const [name, model, options] = process.argv.slice(2)
const row = ROWS.find((row) => row.name === name)
if (row === undefined) throw new Error(`no such row: ${name}`)

const tell = (answer: Answer) => process.send?.(answer)
const said = (error: unknown) => (error instanceof Error ? error.message : String(error))

try {
  const peer = await row.open(describeModel(model), JSON.parse(options) as OpenOptions)
  process.on('message', async (call: Call) => {
    try {
      if (call.method === 'logits') tell({ value: await peer.logits(...call.args) })
      else tell({ value: await peer.generate(...call.args) })
    } catch (error) {
      tell({ error: said(error) })
    }
  })
  // Some of the libraries hold threads that would keep the process
  process.on('disconnect', () => process.exit())
  tell({ value: peer.about })
} catch (error) {
  tell({ error: said(error) })
  process.disconnect()
}
