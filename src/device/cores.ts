/** How many threads this process may keep busy: its cores, and no more than its control group is given. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Cores this process may use, at least 1. A share of one core counts as one. */
export function usableCores(read: (file: string) => string | null = contents): number {
  const quota = cgroupQuota(read)
  return Math.max(
    1,
    Math.min(availableParallelism(), quota === null ? Number.POSITIVE_INFINITY : Math.ceil(quota)),
  )
}

/** Cores' worth of time that control groups grant; null without a limit. Node 20 does not look itself. */
export function cgroupQuota(read: (file: string) => string | null): number | null {
  const path = read('/proc/self/cgroup')?.match(/^0::(.*)$/m)?.[1] ?? '/'
  const limits: number[] = []
  // A limit holds for everything below it.
  for (let folder = path; ; folder = folder.slice(0, folder.lastIndexOf('/'))) {
    const [quota, period] =
      read(`/sys/fs/cgroup${folder === '/' ? '' : folder}/cpu.max`)
        ?.trim()
        .split(' ') ?? []
    if (quota !== undefined && quota !== 'max') limits.push(Number(quota) / Number(period))
    if (folder === '' || folder === '/') break
  }
  const [quota, period] = ['quota', 'period'].map((what) => read(`/sys/fs/cgroup/cpu/cpu.cfs_${what}_us`))
  if (quota !== null && period !== null && Number(quota) > 0) limits.push(Number(quota) / Number(period))
  const usable = limits.filter((limit) => limit > 0)
  return usable.length === 0 ? null : Math.min(...usable)
}

function contents(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
