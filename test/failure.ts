/** Calls that must end in a Failure. */
import * as assert from 'uvu/assert'
import { EXIT, Failure } from '../src/errors.js'

/** The Failure that `work` ends in; anything else that it throws is thrown on. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown = await work.then(
    () => assert.unreachable('must fail'),
    (error: unknown) => error,
  )
  if (thrown instanceof Failure) return thrown
  throw thrown
}

/** One line for a person, with what to do. */
export async function refused(act: () => unknown, says: RegExp): Promise<void> {
  const { message, hint, exit } = await failureOf((async () => act())())
  assert.match(message, says)
  assert.not.match(message, '\n')
  assert.ok(hint, message)
  assert.is(exit, EXIT.usage)
}
