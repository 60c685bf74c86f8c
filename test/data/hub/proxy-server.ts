/** An HTTP proxy on 127.0.0.1: passes plain http on, for hosts that do not exist to one origin, and refuses tunnels. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ProxyServer {
  url: string
  /** `METHOD address` of what was asked, `CONNECT host:port` for tunnels. */
  asked: string[]
  /** The Proxy-Authorization headers that came with it. */
  passwords: (string | undefined)[]
  /** The answer to everything instead of passing it on. */
  refuses: number | null
  close(): Promise<void>
}

export async function startProxy(origin: string): Promise<ProxyServer> {
  const server = createServer((incoming, response) => {
    const { method, url = '', headers } = incoming
    proxy.asked.push(`${method} ${url}`)
    proxy.passwords.push(headers['proxy-authorization'])
    if (proxy.refuses !== null) {
      response.writeHead(proxy.refuses).end()
      return
    }
    const { origin: host, pathname, search } = new URL(url)
    const to = host.endsWith('.invalid') ? origin : host
    const onward = request(`${to}${pathname}${search}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(onward)
  })
  server.on('connect', ({ url, headers }, socket) => {
    proxy.asked.push(`CONNECT ${url}`)
    proxy.passwords.push(headers['proxy-authorization'])
    socket.end(`HTTP/1.1 ${proxy.refuses ?? 502} Refused\r\n\r\n`)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const proxy: ProxyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    passwords: [],
    refuses: null,
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return proxy
}
