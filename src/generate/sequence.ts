/** One text on its way: its tokens so far, what of it can be shown, and why it ended. */
import type { Sampling } from '../engine/decode/types.js'
import type { Finish } from '../record/generate/schema.js'
import { createTextStream } from './text-stream.js'

/** A text to be written: a prompt and how to go on. */
export interface Job {
  /** Of its prompt among all. */
  prompt: number
  /** From 0 to `--n` - 1. */
  sample: number
  text: string
  tokens: Uint32Array
  sampling: Sampling
  /** New tokens at most. */
  most: number
  /** What ends it then: as many as were asked for, or the model's context. */
  end: Extract<Finish, 'length' | 'context'>
}

export interface SequenceOptions {
  decode: (tokens: ArrayLike<number>) => string
  /** Ends a text; null: nothing does. */
  endToken: number | null
  stops: readonly string[]
}

export interface Sequence {
  readonly job: Job
  /** New tokens, the one that ended it included. */
  readonly tokens: readonly number[]
  /** What was shown of them. */
  readonly text: string
  readonly finish: Finish | null
  /** Takes the next token; gives what can be shown now. Nothing once it is over. */
  push(token: number): string
  /** Ends it where it stands; gives what was held back. */
  interrupt(): string
}

export function createSequence(job: Job, { decode, endToken, stops }: SequenceOptions): Sequence {
  const stream = createTextStream(decode, stops)
  const tokens: number[] = []
  let text = ''
  let finish: Finish | null = null
  const show = (added: string): string => {
    text += added
    return added
  }
  const close = (reason: Finish): string => {
    finish = reason
    return reason === 'stop' ? '' : stream.end()
  }
  return {
    job,
    tokens,
    get text() {
      return text
    },
    get finish() {
      return finish
    },
    push(token) {
      if (finish !== null) return ''
      tokens.push(token)
      if (token === endToken) return show(close('eos'))
      const { text: certain, stopped } = stream.push(token)
      if (stopped) return show(certain + close('stop'))
      return show(tokens.length < job.most ? certain : certain + close(job.end))
    },
    interrupt: () => (finish === null ? show(close('interrupted')) : ''),
  }
}
