/** Sums up the time a device worked. */
export interface BusyClock {
  add(seconds: number | null): void
  /** Null when the device has no clock, or has done nothing. */
  seconds(): number | null
}

export function busyClock(): BusyClock {
  let sum: number | null = null
  return {
    add(seconds) {
      if (seconds !== null) sum = (sum ?? 0) + seconds
    },
    seconds: () => sum,
  }
}
