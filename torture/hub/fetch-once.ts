/** One fetch, with patience of a tenth of a second and waits that are noted and not waited. */
import { fetchDataset } from '../../src/data/hub/hub.js'
import type { HubSettings } from '../../src/data/hub/settings.js'

export interface Fetch {
  files: readonly string[] | null
  error: unknown
  /** Notes of progress. */
  notes: readonly string[]
  /** Seconds that it would have waited before other tries. */
  waited: number
  milliseconds: number
}

const STALL_MS = 100

export async function fetchOnce(settings: HubSettings): Promise<Fetch> {
  const notes: string[] = []
  let waited = 0
  const began = performance.now()
  const options = {
    settings,
    retry: {
      stallMs: STALL_MS,
      sleep: async (milliseconds: number) => {
        waited += milliseconds / 1000
      },
    },
    onProgress: ({ note }: { note?: string }) => {
      if (note !== undefined) notes.push(note)
    },
  }
  const done = await fetchDataset('someone/large', 'main', /./, options).then(
    ({ files }) => ({ files, error: null }),
    (error: unknown) => ({ files: null, error }),
  )
  return { ...done, notes, waited, milliseconds: performance.now() - began }
}
