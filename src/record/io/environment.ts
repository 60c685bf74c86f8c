/** What a run depended on besides its inputs: machine, operating system, versions, asp's own commit. */
import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { AdapterRecord, EnvironmentRecord } from '../common.js'

// The same depth below the package root from src/record and dist/record.
const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Never throws: what cannot be found out is "unknown", and the commit null. */
export async function collectEnvironment(adapter: AdapterRecord): Promise<EnvironmentRecord> {
  const cpus = os.cpus()
  return {
    adapter,
    dawn: await packageVersion(dawnManifest()),
    node: process.versions.node,
    os: await operatingSystem(),
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_bytes: os.totalmem(),
    asp_version: await packageVersion(`${PACKAGE_ROOT}package.json`),
    commit: await commitOf(PACKAGE_ROOT),
  }
}

/** Name and version of the system, kernel, processor architecture: `Debian GNU/Linux 13 (trixie), Linux 6.12, x64`. */
async function operatingSystem(): Promise<string> {
  const kernel = `${os.type()} ${os.release()}, ${os.arch()}`
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const name = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(release)?.[1]
  return name === undefined ? kernel : `${name}, ${kernel}`
}

/** `<commit>` or `<commit>-dirty` of the checkout whose top folder is `root`; null when `root` is not one. */
export async function commitOf(root: string): Promise<string | null> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', ['-C', root, ...args], { timeout: 10_000 })).stdout.trim()
  try {
    // An asp inside somebody's node_modules would otherwise report the commit of that project.
    if ((await realpath(await git('rev-parse', '--show-toplevel'))) !== (await realpath(root))) return null
    const commit = await git('rev-parse', 'HEAD')
    const changes = await git('status', '--porcelain', '--untracked-files=no')
    return changes === '' ? commit : `${commit}-dirty`
  } catch {
    return null
  }
}

async function packageVersion(manifest: string | null): Promise<string> {
  if (manifest === null) return 'unknown'
  try {
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version?: unknown }
    return typeof version === 'string' ? version : 'unknown'
  } catch {
    return 'unknown'
  }
}

/** Path of the webgpu package's manifest: found without importing it, since importing starts Dawn. */
function dawnManifest(): string | null {
  try {
    return createRequire(import.meta.url).resolve('webgpu/package.json')
  } catch {
    return null
  }
}
