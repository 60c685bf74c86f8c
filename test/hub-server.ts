/** A Hugging Face Hub on 127.0.0.1 that serves files from memory: repository info, tree, resolve with ranges. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubRepo {
  type: 'model' | 'dataset'
  name: string
  /** 40 hex digits; `main` and the branch of converted data sets stand for it. */
  commit: string
  files: Record<string, Uint8Array>
}

/** What goes wrong with the file or page whose URL contains `at`, as long as it is in the list. */
export type Fault =
  | { at: string; status: number; body?: string }
  /** Announces the whole length and closes after half of the body. */
  | { at: string; cut: true }
  /** Sends other bytes of the same length. */
  | { at: string; garble: true }

export interface HubServer {
  url: string
  /** `METHOD path?query` of every request, in order. */
  requests: string[]
  /** Authorization headers, as they arrived at this server and at the host it redirects to. */
  tokens: { hub: (string | undefined)[]; store: (string | undefined)[] }
  faults: Fault[]
  /** Applied to every tree before it is sent. */
  rewriteTree: (entries: TreeEntry[]) => TreeEntry[]
  close(): Promise<void>
}

export interface TreeEntry {
  type: string
  path: string
  size: number
  oid: string
  lfs?: { oid: string; size: number; pointerSize: number }
}

/** Files from this size on are listed with a SHA-256 and served by a second host, as the Hub does. */
const LARGE = 1_000_000
/** Entries a page of the tree holds. */
const PAGE = 3

export async function startHub(repos: readonly HubRepo[]): Promise<HubServer> {
  const hub = createServer((request, response) => answer(request, response))
  const store = createServer((request, response) => {
    server.tokens.store.push(request.headers.authorization)
    const [repo, path] = parseResolve(new URL(request.url ?? '', server.url).pathname)
    sendFile(request, response, repo.files[path])
  })
  const storeUrl = await listen(store)
  const server: HubServer = {
    url: await listen(hub),
    requests: [],
    tokens: { hub: [], store: [] },
    faults: [],
    rewriteTree: (entries) => entries,
    close: async () => {
      for (const each of [hub, store]) {
        each.closeAllConnections()
        await new Promise((done) => each.close(done))
      }
    },
  }
  return server

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const address = request.url ?? ''
    server.requests.push(`${request.method} ${address}`)
    server.tokens.hub.push(request.headers.authorization)
    const fault = server.faults.find(({ at }) => address.includes(at))
    if (fault !== undefined && 'status' in fault) {
      response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body ?? '{}')
      return
    }
    const { pathname, searchParams } = new URL(address, server.url)
    const api = /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(pathname)
    if (api === null) {
      sendResolved(request, response, pathname, fault)
      return
    }
    const [, type, name, call, revision] = api
    const repo = repos.find((each) => each.type === type && each.name === name)
    if (
      repo === undefined ||
      ![repo.commit, 'main', 'refs/convert/parquet'].includes(decodeURIComponent(revision))
    ) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Repository not found"}')
    } else if (call === 'revision') {
      const info = { _id: '1', id: name, sha: repo.commit, private: false, downloads: 0, likes: 0 }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info))
    } else {
      sendTree(response, repo, pathname, Number(searchParams.get('cursor') ?? 0))
    }
  }

  function sendTree(response: ServerResponse, repo: HubRepo, pathname: string, from: number): void {
    const entries = server.rewriteTree(Object.entries(repo.files).map(treeEntry))
    const next = `<${server.url}${pathname}?recursive=true&cursor=${from + PAGE}>; rel="next"`
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(from + PAGE < entries.length && { link: next }),
    })
    response.end(JSON.stringify(entries.slice(from, from + PAGE)))
  }

  function sendResolved(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    fault: Fault | undefined,
  ): void {
    const [repo, path] = parseResolve(pathname)
    const bytes = repo?.files[path]
    if (bytes === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    } else if (fault !== undefined && 'cut' in fault) {
      response.writeHead(200, { 'content-length': bytes.byteLength })
      response.write(bytes.subarray(0, bytes.byteLength >> 1), () => response.destroy())
    } else if (fault !== undefined && 'garble' in fault) {
      sendFile(request, response, new Uint8Array(bytes.byteLength))
    } else if (bytes.byteLength >= LARGE) {
      response.writeHead(302, { location: `${storeUrl}${pathname}` }).end()
    } else {
      sendFile(request, response, bytes)
    }
  }

  function parseResolve(pathname: string): [HubRepo, string] {
    const match = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname)
    const type = match?.[1] === undefined ? 'model' : 'dataset'
    const repo = repos.find((each) => each.type === type && each.name === match?.[2])
    return [repo ?? { type, name: '', commit: '', files: {} }, decodeURIComponent(match?.[4] ?? '')]
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function treeEntry([path, bytes]: [string, Uint8Array]): TreeEntry {
  const size = bytes.byteLength
  const oid = createHash('sha1').update(`blob ${size}\0`).update(bytes).digest('hex')
  if (size < LARGE) return { type: 'file', path, size, oid }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { type: 'file', path, size, oid, lfs: { oid: sha256, size, pointerSize: 130 } }
}

function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = Math.min(range?.[2] ? Number(range[2]) : Infinity, bytes.byteLength - 1)
  response.writeHead(range === null ? 200 : 206, {
    etag: '"test"',
    'content-length': end - start + 1,
    ...(range !== null && { 'content-range': `bytes ${start}-${end}/${bytes.byteLength}` }),
  })
  response.end(bytes.subarray(start, end + 1))
}
