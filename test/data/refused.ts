/** A call that must end in a Failure: one line for a person, with what to do. */
import * as assert from 'uvu/assert'
import { EXIT, Failure } from '../../src/errors.js'

export async function refused(act: () => unknown, says: RegExp): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    assert.match(error.message, says)
    assert.not.match(error.message, '\n')
    assert.ok(error.hint, error.message)
    assert.is(error.exit, EXIT.usage)
    return
  }
  assert.unreachable(`must be refused: ${says}`)
}
