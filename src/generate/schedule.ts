/**
 * Continuous batching, planned: which sequences sit at which places and what the decoder is asked for next. A place whose
 * sequence is over goes to the next one at once. Pure: it never sees a token.
 */

/** A sequence at its place. */
export interface Seat {
  sequence: number
  place: number
}

export type Call =
  | { kind: 'release'; seats: Seat[] }
  | { kind: 'prefill'; seats: Seat[] }
  | { kind: 'decode'; seats: Seat[]; steps: number }

export interface Schedule {
  /** What to hand to the decoder now, with `steps` at most; null when all that was handed over must come back first. */
  next(steps: number): Call | null
  /** The sequence is over before it has all its tokens. */
  end(sequence: number): void
  /** Every sequence is over, those that have not begun included. */
  stop(): void
}

interface Running extends Seat {
  /** Tokens not asked for yet. */
  left: number
}

/**
 * @param wanted new tokens of each sequence at most, at least 1; the prompt's own step gives the first
 * @param places sequences that can be held at a time
 */
export function createSchedule(wanted: readonly number[], places: number): Schedule {
  const free = Array.from({ length: places }, (_, place) => place)
  let waiting = wanted.map((left, sequence) => ({ sequence, left }))
  let running: Running[] = []
  return {
    next(steps) {
      const over = running.filter(({ left }) => left === 0)
      if (over.length > 0) {
        running = running.filter(({ left }) => left > 0)
        free.push(...over.map(({ place }) => place))
        free.sort((a, b) => a - b)
        return { kind: 'release', seats: seatsOf(over) }
      }
      const seated = waiting.slice(0, free.length).map((sequence) => ({
        ...sequence,
        place: free.shift() ?? 0,
        left: sequence.left - 1,
      }))
      if (seated.length > 0) {
        waiting = waiting.slice(seated.length)
        running.push(...seated)
        return { kind: 'prefill', seats: seatsOf(seated) }
      }
      if (running.length === 0) return null
      const most = Math.min(steps, ...running.map(({ left }) => left))
      for (const one of running) one.left -= most
      return { kind: 'decode', seats: seatsOf(running), steps: most }
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

function seatsOf(running: readonly Running[]): Seat[] {
  return running.map(({ sequence, place }) => ({ sequence, place }))
}
