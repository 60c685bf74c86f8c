/** A Hugging Face Hub on 127.0.0.1 that serves files from memory, as it should or as badly as told. */
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

/** What goes wrong with a request. Shares are of the bytes that were asked for. */
export type Mishap =
  | { status: number; body?: string; headers?: Record<string, string> }
  /** A whole answer that is not what was asked for. */
  | { page: string }
  /** The connection ends before an answer. */
  | { reset: true }
  /** Announces the whole length and ends the connection after this share; of the API's answers, after a few bytes. */
  | { cut: number }
  /** Announces the whole length and goes silent after this share; of the API, at once. */
  | { stall: number }
  /** A proper answer with this share of the bytes. */
  | { short: number }
  /** A proper answer with bytes too many. */
  | { long: true }
  /** Sends other bytes of the same length. */
  | { garble: true }
  /** Pieces with this many milliseconds in between. */
  | { drip: number }
  /** Sends all, whatever range is asked for. */
  | { noRanges: true }
  /** Sends the range that begins one byte later. */
  | { wrongRange: true }
  /** Another name for the content's version. */
  | { etag: string }
  | { redirect: string }
  /** Whatever it writes, to the socket itself if need be. */
  | { answer: (request: IncomingMessage, response: ServerResponse) => void }

/** Happens to requests whose `host/path?query` contains `at`, the host being `hub` or `store`, the first `times` or all. */
export type Fault = { at: string; times?: number } & Mishap

export interface HubServer {
  url: string
  /** `METHOD path?query` of every request to the hub, in order. */
  requests: string[]
  /** The ranges asked for at either host; undefined for a whole file. */
  ranges: (string | undefined)[]
  /** Authorization headers, as they arrived at this server and at the host it redirects to. */
  tokens: { hub: (string | undefined)[]; store: (string | undefined)[] }
  /** What was uploaded, in order. */
  commits: HubCommit[]
  /** The first that fits happens. */
  faults: Fault[]
  /** Applied to every tree before it is sent. */
  rewriteTree: (entries: TreeEntry[]) => unknown[]
  /** As if nothing had happened yet. */
  reset(): void
  close(): Promise<void>
}

export interface HubCommit {
  /** `owner/name` */
  repo: string
  summary: string
  files: Record<string, Uint8Array>
}

export interface TreeEntry {
  type: string
  path: string
  size: number
  oid: string
  lfs?: { oid: string; size: number; pointerSize: number }
}

/** Part of the address of every stored file, as a signed address has it; must never be seen again. */
export const SIGNATURE = 'X-Signature=b1946ac92492d234'

/** Files from this size on are listed with a SHA-256 and served by a second host, as the Hub does. */
const LARGE = 1_000_000
/** Entries a page of the tree holds. */
const PAGE = 3
const DRIP_PIECES = 8

export async function startHub(repos: readonly HubRepo[]): Promise<HubServer> {
  const hub = createServer((request, response) => answer('hub', request, response))
  const store = createServer((request, response) => answer('store', request, response))
  const storeUrl = await listen(store)
  const url = await listen(hub)
  const uploads = receiver(
    { storeUrl, isThere: (name) => repos.some((repo) => repo.name === name) },
    (commit) => server.commits.push(commit),
  )
  const server: HubServer = {
    url,
    requests: [],
    ranges: [],
    tokens: { hub: [], store: [] },
    commits: [],
    faults: [],
    rewriteTree: (entries) => entries,
    reset() {
      server.commits = []
      server.requests = []
      server.ranges = []
      server.tokens = { hub: [], store: [] }
      server.faults = []
      server.rewriteTree = (entries) => entries
    },
    close: async () => {
      for (const each of [hub, store]) {
        each.closeAllConnections()
        await new Promise((done) => each.close(done))
      }
    },
  }
  return server

  function answer(host: 'hub' | 'store', request: IncomingMessage, response: ServerResponse): void {
    const address = request.url ?? ''
    if (host === 'hub') server.requests.push(`${request.method} ${address}`)
    server.tokens[host].push(request.headers.authorization)
    const fault = takeFault(`${host}${address}`)
    if (fault !== undefined && sendMishap(request, response, fault)) return
    const { pathname, searchParams } = new URL(address, server.url)
    if (request.method === 'POST' || request.method === 'PUT') {
      uploads(pathname, request, response)
      return
    }
    const api = /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(pathname)
    if (api === null) {
      sendResolved(host, request, response, pathname, fault)
      return
    }
    if (fault !== undefined && 'stall' in fault) return
    if (fault !== undefined && 'cut' in fault) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
      response.write('{"sha":', () => response.destroy())
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

  function takeFault(address: string): Fault | undefined {
    const fault = server.faults.find(({ at }) => address.includes(at))
    if (fault?.times !== undefined) {
      fault.times -= 1
      if (fault.times === 0) server.faults = server.faults.filter((each) => each !== fault)
    }
    return fault
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
    host: 'hub' | 'store',
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    fault: Fault | undefined,
  ): void {
    const bytes = findFile(pathname)
    if (bytes === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    } else if (fault === undefined && host === 'hub' && bytes.byteLength >= LARGE) {
      response.writeHead(302, { location: `${storeUrl}${pathname}?${SIGNATURE}` }).end()
    } else {
      server.ranges.push(request.headers.range)
      sendFile(request, response, bytes, fault)
    }
  }

  function findFile(pathname: string): Uint8Array | undefined {
    const match = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname)
    const type = match?.[1] === undefined ? 'model' : 'dataset'
    const repo = repos.find((each) => each.type === type && each.name === match?.[2])
    const path = decodeURIComponent(match?.[4] ?? '')
    // Not what every object has, such as `constructor`.
    return repo !== undefined && Object.hasOwn(repo.files, path) ? repo.files[path] : undefined
  }
}

/** The four calls of an upload: make the repository, ask how each file is sent, send large ones to the store, commit. */
function receiver(
  { storeUrl, isThere }: { storeUrl: string; isThere: (repo: string) => boolean },
  onCommit: (commit: HubCommit) => void,
): (pathname: string, request: IncomingMessage, response: ServerResponse) => void {
  const stored = new Map<string, Uint8Array>()
  const made = new Set<string>()
  return async (pathname, request, response) => {
    const body = Buffer.concat(await request.toArray())
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    const [, repo, call] = /^\/api\/models\/([^/]+\/[^/]+)\/(preupload|commit)\/main$/.exec(pathname) ?? []
    if (pathname.startsWith('/stored/')) {
      stored.set(pathname.slice('/stored/'.length), body)
      response.writeHead(200).end()
    } else if (pathname === '/api/repos/create') {
      const { organization, name } = JSON.parse(body.toString()) as Record<string, string>
      const full = `${organization}/${name}`
      const isOld = isThere(full) || made.has(full)
      made.add(full)
      send(isOld ? 409 : 200, { url: full, id: full })
    } else if (call === 'preupload') {
      const { files } = JSON.parse(body.toString()) as { files: { path: string; size: number }[] }
      const modes = files.map(({ path, size }) => ({ path, uploadMode: size < LARGE ? 'regular' : 'lfs' }))
      send(200, { files: modes })
    } else if (pathname.endsWith('.git/info/lfs/objects/batch')) {
      const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] }
      const upload = ({ oid }: { oid: string }) => ({ href: `${storeUrl}/stored/${oid}?${SIGNATURE}` })
      const answers = objects.map((object) => ({ ...object, actions: { upload: upload(object) } }))
      send(200, { transfer: 'basic', objects: answers })
    } else if (call === 'commit') {
      onCommit(commitOf(repo, body.toString(), stored))
      send(200, { commitOid: 'c'.repeat(40), commitUrl: `/${repo}/commit` })
    } else send(404, { error: 'no such call' })
  }
}

interface CommitLine {
  key: string
  value: { summary?: string; path: string; content: string; oid: string }
}

function commitOf(repo: string, ndjson: string, stored: ReadonlyMap<string, Uint8Array>): HubCommit {
  const commit: HubCommit = { repo, summary: '', files: {} }
  for (const line of ndjson.trim().split('\n')) {
    const { key, value } = JSON.parse(line) as CommitLine
    if (key === 'header') commit.summary = value.summary ?? ''
    if (key === 'file') commit.files[value.path] = Buffer.from(value.content, 'base64')
    if (key === 'lfsFile') commit.files[value.path] = stored.get(value.oid) ?? new Uint8Array()
  }
  return commit
}

/** Answers that need no file. */
function sendMishap(request: IncomingMessage, response: ServerResponse, fault: Fault): boolean {
  if ('reset' in fault) response.destroy()
  else if ('answer' in fault) fault.answer(request, response)
  else if ('redirect' in fault) response.writeHead(302, { location: fault.redirect }).end()
  else if ('page' in fault) response.writeHead(200, { 'content-type': 'application/json' }).end(fault.page)
  else if ('status' in fault) {
    const { status, body = '{}', headers } = fault
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  } else return false
  return true
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Uint8Array,
  fault: Fault | undefined,
): void {
  const size = content.byteLength
  const has = (kind: string): boolean => fault !== undefined && kind in fault
  const etag = fault !== undefined && 'etag' in fault ? fault.etag : `"${sha1(content)}"`
  const condition = request.headers['if-range']
  const isPart = !has('noRanges') && (condition === undefined || condition === etag)
  const range = isPart ? /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') : null
  const start = Number(range?.[1] ?? 0) + (range !== null && has('wrongRange') ? 1 : 0)
  const end = Math.min(range?.[2] ? Number(range[2]) : Infinity, size - 1)
  if (start >= size && size > 0) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    return
  }
  let bytes = new Uint8Array(content.subarray(start, end + 1))
  if (has('garble')) bytes.fill(0)
  if (has('long')) bytes = Buffer.concat([bytes, Buffer.alloc(1000)])
  if (fault !== undefined && 'short' in fault) bytes = bytes.subarray(0, bytes.byteLength * fault.short)
  response.writeHead(range === null ? 200 : 206, {
    etag,
    'content-length': bytes.byteLength,
    ...(range !== null && { 'content-range': `bytes ${start}-${end}/${size}` }),
  })
  if (fault !== undefined && 'cut' in fault) {
    response.write(bytes.subarray(0, bytes.byteLength * fault.cut), () => response.destroy())
  } else if (fault !== undefined && 'stall' in fault) {
    response.write(bytes.subarray(0, bytes.byteLength * fault.stall))
  } else if (fault !== undefined && 'drip' in fault) {
    drip(response, bytes, fault.drip)
  } else {
    response.end(bytes)
  }
}

function drip(response: ServerResponse, bytes: Uint8Array, pauseMs: number): void {
  const piece = Math.ceil(bytes.byteLength / DRIP_PIECES)
  const send = (from: number): void => {
    if (from >= bytes.byteLength) response.end()
    else {
      response.write(bytes.subarray(from, from + piece))
      setTimeout(send, pauseMs, from + piece)
    }
  }
  send(0)
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const sha1 = remembered((bytes) =>
  createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex'),
)
const sha256 = remembered((bytes) => createHash('sha256').update(bytes).digest('hex'))

/** Contents do not change while they are served. */
function remembered(hash: (bytes: Uint8Array) => string): (bytes: Uint8Array) => string {
  const known = new WeakMap<Uint8Array, string>()
  return (bytes) => {
    const digest = known.get(bytes) ?? hash(bytes)
    known.set(bytes, digest)
    return digest
  }
}

function treeEntry([path, bytes]: [string, Uint8Array]): TreeEntry {
  const size = bytes.byteLength
  const entry = { type: 'file', path, size, oid: sha1(bytes) }
  return size < LARGE ? entry : { ...entry, lfs: { oid: sha256(bytes), size, pointerSize: 130 } }
}
