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
  const request = hubFetch(settings, retry)
  // The library's blob passes on neither the answer nor an error as it is, so both are taken here.
  let answer: Promise<Response> | undefined
  const remembering: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('Accept-Encoding', 'identity')
    if (from > 0 && version !== null) headers.set('If-Range', version)
    answer = request(input, { ...init, headers })
    return answer
  }
  const { downloadFile } = await import('@huggingface/hub')
  const blob = await downloadFile({
    repo: { type: repo.type, name: repo.name },
    path: file.path,
    // Plain HTTP: mirrors do not speak the Hub's chunk protocol, and a range of it can be asked for again.
    xet: false,
    fetch: remembering,
    // The listing already told size and hash, so the library need not ask for them.
    downloadInfo: {
      size: file.bytes,
      etag: file.etag,
      url: `${settings.endpoint}/${kind}${repo.name}/resolve/${repo.revision}/${path}`,
    },
  })
  const chunks = (from === 0 ? blob : blob?.slice(from))?.stream()
  if (answer === undefined || chunks === undefined) throw new HubTrouble('refused', 'no request')
  const { status, headers } = await answer
  const etag = headers.get('etag')
  return {
    start: status === 206 ? rangeStart(headers.get('content-range')) : 0,
    version: etag?.startsWith('"') ? etag : null,
    chunks: chunks as unknown as AsyncIterable<Uint8Array>,
  }
}

function rangeStart(header: string | null): number {
  const start = /^bytes (\d+)-/.exec(header ?? '')?.[1]
  if (start !== undefined) return Number(start)
  throw new HubTrouble('unreadable', 'a part of the file without its position')
}
