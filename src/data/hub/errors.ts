/** What can go wrong between asp and the Hub, which of it may pass by itself, and the line a person reads of it. */
import { EXIT, Failure } from '../../errors.js'
import type { HubSettings, Repo } from './settings.js'

/**
 * `status`: an answer that is a refusal. `unreachable`: no connection. `broken`: a connection that ended early.
 * `stalled`: one on which nothing more came. `unreadable`: an answer that is not what the Hub sends.
 * `refused`: a request that would end the same way again, such as one to a host with a bad certificate.
 */
export type TroubleKind = 'status' | 'unreachable' | 'broken' | 'stalled' | 'unreadable' | 'refused'

interface TroubleDetails {
  status?: number
  /** What the server asks to be waited, in milliseconds. */
  retryAfterMs?: number | null
}

/** Travels from a request to hubFailure below, never to a person; `reason` holds no word of the server's own. */
export class HubTrouble extends Error {
  readonly kind: TroubleKind
  readonly reason: string
  readonly status: number | undefined
  readonly retryAfterMs: number | null
  /** Requests made until this one was given up. */
  tries = 1

  constructor(kind: TroubleKind, reason: string, { status, retryAfterMs = null }: TroubleDetails = {}) {
    super(reason)
    this.kind = kind
    this.reason = reason
    this.status = status
    this.retryAfterMs = retryAfterMs
  }

  /** 408 and 429 ask for another try, and of 5xx all but "not implemented" may pass. */
  get isTransient(): boolean {
    const { kind, status = 0 } = this
    if (kind !== 'status') return kind !== 'refused'
    return status === 408 || status === 429 || (status >= 500 && status !== 501)
  }
}

/** Codes of a network that is not there; everything else in the list ends a connection that was. */
const NETWORK_CODES: Readonly<Record<string, 'unreachable' | 'broken'>> = {
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'unreachable',
  ETIMEDOUT: 'broken',
  ECONNRESET: 'broken',
  ECONNABORTED: 'broken',
  EPIPE: 'broken',
  UND_ERR_SOCKET: 'broken',
  UND_ERR_HEADERS_TIMEOUT: 'broken',
  UND_ERR_BODY_TIMEOUT: 'broken',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'broken',
}

/**
 * What fetch or the library threw, as trouble; null for what did not come from a request, such as a full disk.
 * fetch hides the system's code behind "fetch failed" and "terminated".
 */
export function asTrouble(error: unknown): HubTrouble | null {
  if (error instanceof HubTrouble) return error
  if (error instanceof SyntaxError) return new HubTrouble('unreadable', 'an answer that is not JSON')
  if (!(error instanceof TypeError)) return null
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const kind = NETWORK_CODES[code]
  if (kind !== undefined) {
    return new HubTrouble(kind, code.startsWith('UND_ERR_SOCKET') ? 'a broken connection' : code)
  }
  const atProxy = proxyStatus(cause)
  if (atProxy === 407)
    return new HubTrouble('refused', 'status 407: the proxy wants a user name and password')
  if (atProxy !== null) return new HubTrouble('unreachable', `status ${atProxy} from the proxy`)
  if (error.message === 'terminated' || code.startsWith('HPE_'))
    return new HubTrouble('broken', 'a broken connection')
  if (error.message === 'fetch failed')
    return new HubTrouble('refused', code || 'a request that cannot be made')
  // The library reads the answer's fields without looking at its shape first.
  return new HubTrouble('unreadable', 'an answer of another form')
}

/** What a proxy answered instead of passing a request on. undici says it in words only, some causes down. */
function proxyStatus(cause: unknown): number | null {
  if (!(cause instanceof Error)) return null
  const [, status] = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(cause.message) ?? []
  return status === undefined ? proxyStatus(cause.cause) : Number(status)
}

/** One line for a person. Servers' own words and addresses stay out of it: they may carry signatures. */
export function hubFailure(error: unknown, repo: Repo, settings: HubSettings): Failure {
  const { endpoint, token, proxies } = settings
  if (error instanceof Failure) return error
  const trouble = asTrouble(error)
  if (trouble === null) throw error
  const { kind, reason, status, tries } = trouble
  const at = `${repo.type} ${repo.name} at revision ${repo.revision}`
  const { host } = new URL(endpoint)
  const got = tries > 1 ? `${reason}, after ${tries} tries` : reason
  const exit = EXIT.failed
  if (kind === 'unreadable') {
    const hint = 'check HF_ENDPOINT, and that no proxy or login page answers in its place'
    return new Failure(`${at}: ${host} does not answer as the Hub does, got ${got}`, { hint, exit })
  }
  if (kind !== 'status') {
    const proxy = proxies === undefined ? '' : ', the proxy that HTTP_PROXY or HTTPS_PROXY names'
    const hint = `check the network${proxy} and HF_ENDPOINT, and run again; what has arrived is kept`
    return new Failure(`${at}: cannot be fetched from ${host}, got ${got}`, {
      hint,
      exit,
      code: 'unreachable',
    })
  }
  if (status === 401 || status === 403) {
    return new Failure(`${at}: does not exist or needs permission, got ${got}`, {
      hint:
        token === undefined
          ? 'check the name; for a private or gated repository set HF_TOKEN, or log in with `hf auth login`'
          : 'check the name, and that the token of `hf auth login` or HF_TOKEN may read it',
    })
  }
  if (status === 404) {
    return new Failure(`${at}: does not exist, got ${got}`, { hint: 'check the name and the revision' })
  }
  return new Failure(`${at}: ${host} is not able to serve it now, got ${got}`, { hint: later(trouble), exit })
}

function later({ status, retryAfterMs }: HubTrouble): string {
  const wait = retryAfterMs === null ? '' : `, in ${Math.ceil(retryAfterMs / 60_000)} min or more`
  return status === 429
    ? `too many requests: run again later${wait}, or set HF_TOKEN for a higher limit`
    : `run again later${wait}; what has arrived is kept`
}

/** A Failure for an answer that must not be used. */
export function badAnswer({ name }: Repo, expected: string): Failure {
  return new Failure(`${name}: the Hub must send ${expected}`, {
    hint: 'check HF_ENDPOINT, or download the files yourself and pass their folder',
    exit: EXIT.failed,
  })
}
