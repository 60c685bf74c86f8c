/** The content of one file of a repository, from any byte on. */
import type { Hub } from './client.js'
import { HubTrouble } from './errors.js'
import { hubFetch } from './fetch.js'
import type { RemoteFile, Repo } from './settings.js'

/** The answer to a request for a file from some byte on. */
export interface FileAnswer {
  /** The byte that the content begins with: the one asked for, or 0 from a server that knows no ranges. */
  start: number
  /** Names the server's version of the content; null when it says none that would do for If-Range. */
  version: string | null
  chunks: AsyncIterable<Uint8Array>
}

/**
 * Asks for a file's content, once.
 * @param from first byte wanted, below the file's size
 * @param version of an earlier answer: if the server has another one now, it sends the whole content
 * @throws HubTrouble, also while the chunks are read
 */
export async function openRemoteFile(
  repo: Repo,
  file: RemoteFile,
  from: number,
  version: string | null,
  { settings, retry }: Hub,
): Promise<FileAnswer> {
  const kind = repo.type === 'model' ? '' : `${repo.type}s/`
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const url = `${settings.endpoint}/${kind}${repo.name}/resolve/${repo.revision}/${path}`
  // Not through the library: of an answer without a body it waits for ever, and it passes errors on as texts.
  const { status, headers, body } = await hubFetch(settings, retry)(url, {
    headers: {
      'Accept-Encoding': 'identity',
      ...(from > 0 && { Range: `bytes=${from}-${file.bytes - 1}` }),
      ...(from > 0 && version !== null && { 'If-Range': version }),
    },
  })
  const etag = headers.get('etag')
  return {
    start: status === 206 ? rangeStart(headers.get('content-range')) : 0,
    version: etag?.startsWith('"') ? etag : null,
    chunks: body ?? nothing(),
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {
  // An answer such as 204 has no body at all.
}

function rangeStart(header: string | null): number {
  const start = /^bytes (\d+)-/.exec(header ?? '')?.[1]
  if (start !== undefined) return Number(start)
  throw new HubTrouble('unreadable', 'a part of the file without its position')
}
