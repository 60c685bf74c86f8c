/**
 * Continuous batching, planned: which sequences are in which slots of the decoder, and what it does next. A slot whose sequence
 * is over goes to the next one at once. Pure: it never sees a token.
 */

/** A sequence and its slot. */
export interface Assignment {
  sequence: number
  slot: number
}

export type Call =
  | { kind: 'release'; assignments: Assignment[] }
  | { kind: 'prefill'; assignments: Assignment[] }
  | { kind: 'decode'; assignments: Assignment[]; steps: number }

export interface Schedule {
  /** What to hand to the decoder now, with `steps` at most; null when all that was handed over must come back first. */
  next(steps: number): Call | null
  /** The sequence is over before it has all its tokens. */
  end(sequence: number): void
  /** Every sequence is over, those that have not begun included. */
  stop(): void
}

interface Running extends Assignment {
  /** Tokens not requested yet. */
  left: number
}

/**
 * @param wanted new tokens of each sequence at most, at least 1; the prompt's own step gives the first
 * @param slots sequences that can be held at a time
 */
export function createSchedule(wanted: readonly number[], slots: number): Schedule {
  const free = Array.from({ length: slots }, (_, slot) => slot)
  let waiting = wanted.map((left, sequence) => ({ sequence, left }))
  let running: Running[] = []
  return {
    next(steps) {
      const over = running.filter(({ left }) => left === 0)
      if (over.length > 0) {
        running = running.filter(({ left }) => left > 0)
        free.push(...over.map(({ slot }) => slot))
        free.sort((a, b) => a - b)
        return { kind: 'release', assignments: assignmentsOf(over) }
      }
      const assigned = waiting.slice(0, free.length).map((sequence) => ({
        ...sequence,
        slot: free.shift() ?? 0,
        left: sequence.left - 1,
      }))
      if (assigned.length > 0) {
        waiting = waiting.slice(assigned.length)
        running.push(...assigned)
        return { kind: 'prefill', assignments: assignmentsOf(assigned) }
      }
      if (running.length === 0) return null
      const most = Math.min(steps, ...running.map(({ left }) => left))
      for (const one of running) one.left -= most
      return { kind: 'decode', assignments: assignmentsOf(running), steps: most }
    },
    end(sequence) {
      for (const one of running) if (one.sequence === sequence) one.left = 0
    },
    stop() {
      waiting = []
      for (const one of running) one.left = 0
    },
  }
}

function assignmentsOf(running: readonly Running[]): Assignment[] {
  return running.map(({ sequence, slot }) => ({ sequence, slot }))
}
