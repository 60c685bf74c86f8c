/**
 * Requests -> batches. Requests of one document, or about one text, that begin alike share that beginning: it is run once as a trunk,
 * and what differs continues it as branches with drop decisions of their own. Pure planning.
 */
import { type Batch, packBatch, type Segment, type Target, type TileSizes } from '../engine/batch.js'
import type { Request } from '../suites/request.js'

export interface PlannedRequest {
  request: Request
  /** The segment whose whole sequence is the request's input. */
  segment: number
  /** Its targets are `firstTarget .. firstTarget + targets.length - 1` of the batch. */
  firstTarget: number
}

export interface PlannedBatch {
  batch: Batch
  requests: PlannedRequest[]
}

export interface BatchLimits {
  /** Most tokens of a batch; one request alone may exceed it. */
  tokens: number
  /** Most requests of a batch. */
  requests: number
}

export interface PlanOptions {
  limits: BatchLimits
  tiles: TileSizes
  /** Run what requests of one document, or about one text, share only once. */
  share: boolean
}

/** Requests that go to the device together: a trunk of `shared` tokens and what each adds, or just themselves. */
interface Group {
  requests: Request[]
  shared: number
  tokens: number
}

/** Sharing must spare at least this part of a document's tokens, or its requests are free to go separate ways. */
const WORTHWHILE = 0.1

/** Batches in request order. */
export function* planBatches(requests: readonly Request[], options: PlanOptions): Generator<PlannedBatch> {
  const { limits, tiles } = options
  let open: Group[] = []
  let tokens = 0
  let count = 0
  for (const group of groups(requests, options)) {
    const full = tokens + group.tokens > limits.tokens || count + group.requests.length > limits.requests
    if (open.length > 0 && full) {
      yield packGroups(open, tiles)
      open = []
      tokens = 0
      count = 0
    }
    open.push(group)
    tokens += group.tokens
    count += group.requests.length
  }
  if (open.length > 0) yield packGroups(open, tiles)
}

/** Tokens that are run when requests are shared as `planBatches` would. */
export function tokensRun(
  requests: readonly Request[],
  options: Pick<PlanOptions, 'limits' | 'share'>,
): number {
  let tokens = 0
  for (const group of groups(requests, options)) tokens += group.tokens
  return tokens
}

function* groups(
  requests: readonly Request[],
  { limits, share }: Pick<PlanOptions, 'limits' | 'share'>,
): Generator<Group> {
  for (let first = 0; first < requests.length; ) {
    let next = first + 1
    while (next < requests.length && isOfText(requests[next], requests[first])) next++
    let document = requests.slice(first, next)
    let shared = share ? worthSharing(document, limits) : 0
    if (share && shared === 0 && requests[next - 1].doc !== requests[first].doc) {
      // Too much for one batch.
      document = document.filter(({ doc }) => doc === requests[first].doc)
      next = first + document.length
      shared = worthSharing(document, limits)
    }
    if (shared > 0) {
      const tokens = document.reduce((sum, { input }) => sum + input.length - shared, shared)
      yield { requests: document, shared, tokens }
    } else {
      for (const request of document) yield { requests: [request], shared: 0, tokens: request.input.length }
    }
    first = next
  }
}

/** Of the same document, or of another about the same text. */
const isOfText = (a: Request, b: Request): boolean =>
  a.doc === b.doc || (a.group !== undefined && a.group === b.group)

/** Length of the common beginning of a document's inputs, or 0 when running it once would gain little. */
function worthSharing(requests: readonly Request[], limits: BatchLimits): number {
  if (requests.length < 2 || requests.length > limits.requests) return 0
  if (requests.some(({ frozenFrom }) => frozenFrom !== requests[0].frozenFrom)) return 0
  let shared = requests[0].input.length
  for (const { input } of requests) {
    let same = 0
    while (same < shared && same < input.length && input[same] === requests[0].input[same]) same++
    shared = same
  }
  const unshared = requests.reduce((sum, { input }) => sum + input.length, 0)
  const spared = shared * (requests.length - 1)
  const fits = unshared - spared <= limits.tokens
  return fits && spared >= WORTHWHILE * unshared ? shared : 0
}

function packGroups(groups: readonly Group[], tiles: TileSizes): PlannedBatch {
  const segments: Segment[] = []
  const targets: Target[] = []
  const planned: PlannedRequest[] = []
  for (const { requests, shared } of groups) {
    let trunk: number | null = null
    const { frozenFrom } = requests[0]
    if (shared > 0) {
      trunk = segments.length
      segments.push({ tokens: requests[0].input.subarray(0, shared), trunk: null, frozenFrom })
    }
    for (const request of requests) {
      const own = request.input.subarray(shared)
      let segment = trunk
      // An input that is nothing but the shared beginning needs no branch: the trunk is its sequence.
      if (segment === null || own.length > 0) {
        segment = segments.length
        segments.push({ tokens: own, trunk, frozenFrom })
      }
      planned.push({ request, segment, firstTarget: targets.length })
      const firstRow = request.input.length - request.targets.length
      request.targets.forEach((token, i) => {
        const position = firstRow + i
        const inTrunk = trunk !== null && position < shared
        targets.push(
          inTrunk
            ? { segment: trunk as number, row: position, token }
            : { segment: segment as number, row: position - shared, token },
        )
      })
    }
  }
  return { batch: packBatch(segments, targets, tiles), requests: planned }
}
