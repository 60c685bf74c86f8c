import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where asp keeps what it has found out: `$ASP_CACHE`, else `$XDG_CACHE_HOME/asp`, else `~/.cache/asp`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.ASP_CACHE) return env.ASP_CACHE
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'asp')
}
