/** Small files that asp keeps for itself: what tuning found, and who holds a lock. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isGone, parseOwner } from '../../../src/data/owner.js'
import { readTuning } from '../../../src/device/tuning-cache.js'
import { MATMUL_KERNELS } from '../../../src/engine/matmul-kernels.js'
import { parseChoice } from '../../../src/engine/tuner.js'
import { removeStaleLocks } from '../../../src/run/lock.js'
import type { Target } from '../target.js'

const rules = [{ rows: 4, columns: 64, kernel: MATMUL_KERNELS[0].name }, { kernel: MATMUL_KERNELS[1].name }]
const uses = { steady: rules, free: rules }

/** Of a process that cannot be there any more. */
const OWNER = { host: hostname(), namespace: null, process: 4_194_303, started: '1', id: 'a-b-c' }

export const KEPT: readonly Target[] = [
  {
    name: 'kept: what tuning found',
    lenient: true,
    cases: () =>
      [1].map((version) => ({
        files: { 'tuning.json': JSON.stringify({ version, matmul: { f32: uses, f16: uses } }) },
        changed: 'tuning.json',
        form: 'json' as const,
      })),
    async read(folder, changed) {
      const choice = parseChoice(await readTuning(join(folder, changed)))
      for (const { steady, free } of choice === null ? [] : [choice.matmul.f32, choice.matmul.f16])
        for (const { rows = 1, columns = 1 } of [...steady, ...free])
          if (!(rows > 0 && columns > 0)) throw new Error(`a rule for ${rows} x ${columns}`)
    },
  },
  {
    name: 'kept: locks',
    lenient: true,
    cases: () => [
      { files: { 'run.json.lock': JSON.stringify(OWNER) }, changed: 'run.json.lock', form: 'json' },
    ],
    async read(folder, changed) {
      const owner = parseOwner(readFileSync(join(folder, changed), 'utf8'))
      if (owner !== null) isGone(owner)
      await removeStaleLocks(folder)
    },
  },
]
