/** `fetch` for the Hub: the token to the endpoint alone, no endless waiting, refusals as HubTrouble. */

import { HubTrouble } from './errors.js'
import { fetchThrough } from './proxy.js'
import { parseRetryAfter, type RetryPolicy } from './retry.js'
import type { HubSettings } from './settings.js'

/**
 * The library would send the token wherever a listing's next page or a stored address points to;
 * here it goes to the endpoint alone. Redirects to other hosts lose it inside fetch itself.
 * @throws HubTrouble on every answer but 2xx, before the library reads what the server says about it
 */
export function hubFetch({ endpoint, token, proxies }: HubSettings, policy: RetryPolicy): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers)
    headers.delete('Authorization')
    const url = input instanceof Request ? input.url : String(input)
    if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
      headers.set('Authorization', `Bearer ${token}`)
    }
    const watch = stallWatch(policy.stallMs)
    const request = await fetchThrough(proxies)
    const response = await watch.during(request(input, { ...init, headers, signal: watch.signal }))
    if (response.ok) return watchBody(response, watch)
    await response.body?.cancel().catch(() => undefined)
    throw new HubTrouble('status', `status ${response.status}`, {
      status: response.status,
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), policy.now()),
    })
  }
}

interface StallWatch {
  signal: AbortSignal
  /** The promise's value; the request is aborted when that takes too long. */
  during<T>(promise: Promise<T>): Promise<T>
}

function stallWatch(stallMs: number): StallWatch {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    async during(promise) {
      const stalled = new HubTrouble('stalled', `no byte for ${stallMs / 1000} s`)
      const timer = setTimeout(() => controller.abort(stalled), stallMs)
      try {
        return await promise
      } catch (error) {
        throw controller.signal.aborted ? controller.signal.reason : error
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** The same answer with a body whose every read is watched; the time between reads is the reader's own. */
function watchBody(response: Response, watch: StallWatch): Response {
  const reader = response.body?.getReader()
  const body =
    reader &&
    new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await watch.during(reader.read())
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    )
  const { status, statusText, headers } = response
  return new Response(body ?? null, { status, statusText, headers })
}
