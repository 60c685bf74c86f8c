/** One file into the cache: continued where it broke off, tried again while that helps, proven before it has its name. */
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EXIT, Failure } from '../../errors.js'
import { blobPath, hasBlob } from './cache.js'
import type { Hub } from './client.js'
import { HubTrouble, hubFailure } from './errors.js'
import { type FileAnswer, openRemoteFile } from './file.js'
import { lockPath, withLock } from './lock.js'
import { openPartial, type PartialFile } from './partial.js'
import { waitOrThrow } from './retry.js'
import type { RemoteFile, Repo } from './settings.js'

/** New bytes that make up for failed tries: a connection that breaks now and then may go on for ever, one byte a try not. */
const PROGRESS_BYTES = 1 << 20

/**
 * Stores a content under its hash, or keeps what arrived of it for the next run.
 * @param folder the repository's in the cache
 * @param onBytes told how many of the file's bytes are there
 * @throws Failure when it cannot be had, or is not the content that was listed, twice
 */
export async function downloadBlob(
  repo: Repo,
  folder: string,
  file: RemoteFile,
  hub: Hub,
  onBytes: (count: number) => void,
): Promise<void> {
  const blob = blobPath(folder, file.etag)
  const path = `${blob}.incomplete`
  await mkdir(dirname(path), { recursive: true })
  const onWait = (owner: string) => hub.onRetry(`waiting for ${owner}, which fetches it`)
  await withLock(lockPath(folder, file.etag), onWait, async () => {
    if (await hasBlob(folder, file)) return
    const problem = await fetchBlob(repo, file, path, blob, hub, onBytes)
    if (problem === null) return
    hub.onRetry('starting over (damaged content)')
    const again = await fetchBlob(repo, file, path, blob, hub, onBytes)
    if (again !== null) throw damaged(`${repo.name}/${file.path}: ${again}`)
  })
  onBytes(file.bytes)
}

/** Fills the partial file and makes it the blob. What does not prove to be the content is removed and told. */
async function fetchBlob(
  repo: Repo,
  file: RemoteFile,
  path: string,
  blob: string,
  hub: Hub,
  onBytes: (count: number) => void,
): Promise<string | null> {
  const partial = await openPartial(path, file)
  try {
    const problem = (await fill(partial, repo, file, hub, onBytes)) ?? (await partial.problem())
    if (problem === null) await partial.publish(blob)
    else await rm(path, { force: true })
    return problem
  } catch (error) {
    if (partial.bytes === 0) await rm(path, { force: true })
    throw error
  } finally {
    await partial.close()
  }
}

/** Asks until all bytes are there; a text when going on from these bytes cannot end well. */
async function fill(
  partial: PartialFile,
  repo: Repo,
  file: RemoteFile,
  hub: Hub,
  onBytes: (count: number) => void,
): Promise<string | null> {
  let failures = 0
  // Only bytes beyond the furthest count: a server without ranges starts every time from 0.
  let furthest = partial.bytes
  let version: string | null = null
  onBytes(partial.bytes)
  while (partial.bytes < file.bytes) {
    try {
      const answer = await openRemoteFile(repo, file, partial.bytes, version, hub)
      const isOther = version !== null && answer.version !== null && answer.version !== version
      if (partial.bytes > 0 && (isOther || answer.start !== partial.bytes)) {
        // A part of other content, or from another place, does not belong here: the next try asks for all.
        await partial.restart()
        if (answer.start > 0) {
          version = null
          await close(answer)
          throw new HubTrouble('unreadable', 'a part of another file')
        }
      }
      version = answer.version
      for await (const chunk of answer.chunks) {
        if (partial.bytes + chunk.byteLength > file.bytes) return `must have ${file.bytes} bytes, got more`
        await partial.append(chunk)
        onBytes(partial.bytes)
      }
      if (partial.bytes < file.bytes) throw new HubTrouble('broken', 'a body that ends too early')
    } catch (error) {
      if (error instanceof HubTrouble && error.status === 416 && partial.bytes > 0) {
        return `must have ${file.bytes} bytes, got fewer`
      }
      failures = partial.bytes >= furthest + PROGRESS_BYTES ? 1 : failures + 1
      furthest = Math.max(furthest, partial.bytes)
      await waitOrThrow(error, failures, hub.retry, hub.onRetry).catch((last: unknown) => {
        throw hubFailure(last, { ...repo, name: `${repo.name}/${file.path}` }, hub.settings)
      })
    }
  }
  return null
}

async function close({ chunks }: FileAnswer): Promise<void> {
  await chunks[Symbol.asyncIterator]().return?.()
}

function damaged(message: string): Failure {
  return new Failure(message, {
    hint: 'the server or a proxy sends other content than the Hub lists; check HF_ENDPOINT, try later',
    exit: EXIT.failed,
  })
}
