/** `fetch` through the proxy that the environment names, chosen for each address as Python's client and curl choose it. */
import { Failure } from '../../errors.js'

/** Addresses of proxies; they may hold a password, so none is ever printed. */
export interface Proxies {
  /** For http addresses. */
  http?: string
  /** For https addresses. */
  https?: string
  /** Hosts that are asked directly, with commas between them: a name stands for its subdomains too, `*` for all. */
  except: string
}

/** HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower case first; null where no proxy is named. */
export function proxiesOf(env: NodeJS.ProcessEnv): Proxies | null {
  const named = (name: string): string | undefined => env[name] ?? env[name.toUpperCase()]
  const all = named('all_proxy')
  const http = named('http_proxy') || all
  const https = named('https_proxy') || all
  if (!http && !https) return null
  return { ...(http && { http }), ...(https && { https }), except: named('no_proxy') ?? '' }
}

const made = new Map<string, Promise<typeof fetch>>()

/** The platform's own where no proxy is named. Connections are kept from call to call. */
export function fetchThrough(proxies: Proxies | undefined): Promise<typeof fetch> {
  if (proxies === undefined) return Promise.resolve(fetch)
  const key = JSON.stringify(proxies)
  const known = made.get(key) ?? makeFetch(proxies)
  made.set(key, known)
  return known
}

async function makeFetch({ http, https, except }: Proxies): Promise<typeof fetch> {
  const { Agent, EnvHttpProxyAgent, fetch: fetchBy } = await import('undici')
  const agentFor = (scheme: 'HTTP' | 'HTTPS', address: string | undefined) => {
    if (address === undefined) return new Agent()
    const proxy = checkedProxy(`${scheme}_PROXY`, address)
    // Plain http is asked of the proxy by its whole address; many refuse a tunnel to port 80.
    return new EnvHttpProxyAgent({ httpProxy: proxy, httpsProxy: proxy, noProxy: except, proxyTunnel: false })
  }
  const agents = { 'http:': agentFor('HTTP', http), 'https:': agentFor('HTTPS', https) }
  // A redirect may lead from one scheme to the other.
  const dispatcher = new Agent().compose(() => (options, handler) => {
    const { protocol } = new URL(options.origin ?? '')
    return agents[protocol === 'http:' ? 'http:' : 'https:'].dispatch(options, handler)
  })
  return ((input: string, init: object) => fetchBy(input, { ...init, dispatcher })) as unknown as typeof fetch
}

function checkedProxy(name: string, address: string): string {
  const full = address.includes('://') ? address : `http://${address}`
  if (URL.canParse(full) && /^https?:$/.test(new URL(full).protocol)) return full
  throw new Failure(
    `${name} or ALL_PROXY: must be the address of an http or https proxy, got something else`,
    {
      hint: `for example ${name}=http://proxy.example:3128, or NO_PROXY for hosts that need none`,
    },
  )
}
