/** Proxies and stored tokens: what Python's client takes from its surroundings, asp takes too. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fetchModel } from '../../../src/data/hub/hub.js'
import { proxiesOf } from '../../../src/data/hub/proxy.js'
import { hubSettings } from '../../../src/data/hub/settings.js'
import { uploadModel } from '../../../src/data/hub/upload.js'
import { asp } from '../../commands/asp.js'
import {
  BUNDLED,
  COMMIT,
  checkSecrets,
  checkWhole,
  failureOf,
  fetchLarge,
  type HubContext,
  withHub,
} from './fixture.js'
import { type ProxyServer, startProxy } from './proxy-server.js'

/** A host that no name server knows: only a proxy can reach it. */
const HIDDEN = 'http://hub.example.invalid'

const test = suite<HubContext & { proxy: ProxyServer }>('proxy')
withHub(test as never)
test.before.each(async (context) => {
  context.proxy = await startProxy(context.server.url)
})
test.after.each((context) => context.proxy.close())

test('everything goes through the proxy: list of files, small and large files', async (context) => {
  const { settings, proxy } = context
  settings.endpoint = HIDDEN
  settings.proxies = { http: proxy.url, except: '' }
  await checkWhole(context, await fetchLarge(context))
  assert.ok(proxy.asked.length > 3)
  const elsewhere = proxy.asked.filter((line) => !line.startsWith(`GET ${HIDDEN}/`))
  assert.ok(
    elsewhere.every((line) =>
      /^GET http:\/\/127\.0\.0\.1:\d+\/datasets\/someone\/large\/resolve\//.test(line),
    ),
    elsewhere.join(),
  )
})

test('hosts of NO_PROXY are asked directly, with their subdomains', async ({ settings, proxy, options }) => {
  settings.proxies = { http: proxy.url, except: 'other.example, 127.0.0.1' }
  await fetchModel('someone/tiny', 'main', options)
  assert.equal(proxy.asked, [])
  settings.proxies = { http: 'http://127.0.0.1:9', except: '*' }
  await fetchModel('someone/tiny', COMMIT, options)
  settings.endpoint = HIDDEN
  settings.proxies = { http: proxy.url, except: 'example.invalid' }
  const { message } = await failureOf(fetchModel('someone/pickled', 'main', options))
  assert.match(message, /ENOTFOUND|EAI_AGAIN/)
  assert.equal(proxy.asked, [])
})

test('https goes through a tunnel, and through no proxy that is for http', async ({
  settings,
  proxy,
  options,
}) => {
  settings.endpoint = 'https://hub.example.invalid'
  settings.proxies = { https: proxy.url.replace('http://', 'http://me:pa%20ss@'), except: '' }
  const failure = await failureOf(fetchModel('someone/tiny', 'main', options))
  assert.match(failure.message, /status 502 from the proxy/)
  assert.match(failure.hint ?? '', /HTTPS_PROXY/)
  assert.is(failure.code, 'unreachable')
  assert.equal(new Set(proxy.asked), new Set(['CONNECT hub.example.invalid:443']))
  assert.is(proxy.passwords[0], `Basic ${Buffer.from('me:pa ss').toString('base64')}`)

  proxy.asked.length = 0
  settings.proxies = { http: proxy.url, except: '' }
  assert.match((await failureOf(fetchModel('someone/tiny', 'main', options))).message, /ENOTFOUND|EAI_AGAIN/)
  assert.equal(proxy.asked, [])
})

for (const scheme of ['http', 'https'] as const) {
  test(`a proxy that wants a password says so, once, over ${scheme}`, async ({
    settings,
    proxy,
    options,
  }) => {
    proxy.refuses = 407
    settings.endpoint = `${scheme}://hub.example.invalid`
    settings.proxies = { [scheme]: proxy.url, except: '' }
    const { message } = await failureOf(fetchModel('someone/tiny', 'main', options))
    assert.match(message, /status 407: the proxy wants a user name and password$/)
    assert.is(proxy.asked.length, 1)
  })
}

test('a proxy that is not there, and an address that is none', async ({ settings, options }) => {
  settings.endpoint = HIDDEN
  settings.proxies = { http: 'http://me:hf_secretSecretSecret@127.0.0.1:9', except: '' }
  const away = await failureOf(fetchModel('someone/tiny', 'main', options))
  assert.match(away.message, /ECONNREFUSED/)
  settings.proxies = { http: 'socks5://me:hf_secretSecretSecret@127.0.0.1:9', except: '' }
  const other = await failureOf(fetchModel('someone/tiny', 'main', options))
  assert.match(other.message, /^HTTP_PROXY or ALL_PROXY: must be the address of an http or https proxy/)
})

test('an upload goes through the proxy too', async ({ server, settings, proxy }) => {
  settings.endpoint = HIDDEN
  settings.token = 'hf_x'
  settings.proxies = { http: proxy.url, except: '' }
  const files = ['config.json', 'model.safetensors']
  await uploadModel({ repo: 'someone/new', folder: BUNDLED, files, title: 'A model' }, settings)
  assert.equal(Object.keys(server.commits[0].files).sort(), files)
  assert.ok(proxy.asked.some((line) => line.startsWith('PUT ')))
})

test('which proxy: lower case first, ALL_PROXY for what has none, no word is none', () => {
  const cases: [NodeJS.ProcessEnv, ReturnType<typeof proxiesOf>][] = [
    [{}, null],
    [{ NO_PROXY: 'a' }, null],
    [{ HTTP_PROXY: '' }, null],
    [{ HTTP_PROXY: 'http://b:1' }, { http: 'http://b:1', except: '' }],
    [
      { HTTPS_PROXY: 'http://b:1', https_proxy: 'http://a:1' },
      { https: 'http://a:1', except: '' },
    ],
    [
      { ALL_PROXY: 'c:1', http_proxy: 'a:1', no_proxy: 'x,y' },
      { http: 'a:1', https: 'c:1', except: 'x,y' },
    ],
  ]
  for (const [environment, expected] of cases) assert.equal(proxiesOf(environment), expected)
})

test('the token of `hf auth login`, after HF_TOKEN, from where Python reads it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'asp-home-'))
  try {
    const token = (environment: NodeJS.ProcessEnv) => hubSettings({ HF_HOME: home, ...environment }).token
    assert.is(token({}), undefined)
    await writeFile(join(home, 'token'), 'hf_stored\n')
    await writeFile(join(home, 'elsewhere'), 'hf_other')
    assert.is(token({}), 'hf_stored')
    assert.is(token({ HF_TOKEN: ' \n' }), 'hf_stored')
    assert.is(token({ HF_TOKEN: 'hf_given' }), 'hf_given')
    assert.is(token({ HUGGING_FACE_HUB_TOKEN: 'hf_old' }), 'hf_old')
    assert.is(token({ HF_TOKEN_PATH: join(home, 'elsewhere') }), 'hf_other')
    assert.is(token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }), undefined)
    assert.is(token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', HF_TOKEN: 'hf_given' }), 'hf_given')
    await writeFile(join(home, 'token'), 'hf_secretSecretSecret and more')
    assert.throws(
      () => token({}),
      ({ message }: Error) => message.includes(join(home, 'token')) && !message.includes('Secret'),
    )
  } finally {
    await rm(home, { recursive: true })
  }
})

test('TRANSFORMERS_OFFLINE is HF_HUB_OFFLINE where that says nothing', () => {
  const offline = (environment: NodeJS.ProcessEnv) =>
    hubSettings({ HF_HOME: '/nowhere', ...environment }).offline
  assert.is(offline({ TRANSFORMERS_OFFLINE: '1' }), true)
  assert.is(offline({ TRANSFORMERS_OFFLINE: 'yes', HF_HUB_OFFLINE: '' }), true)
  assert.is(offline({ TRANSFORMERS_OFFLINE: '1', HF_HUB_OFFLINE: '0' }), false)
  assert.is(offline({ TRANSFORMERS_OFFLINE: '0' }), false)
})

test('asp fetch as a person runs it: behind a proxy, logged in, offline', async ({
  server,
  settings,
  proxy,
}) => {
  const home = settings.cacheFolder
  await writeFile(join(home, 'token'), 'hf_stored')
  const environment = {
    HF_HOME: home,
    HF_HUB_OFFLINE: '',
    HF_ENDPOINT: HIDDEN,
    HTTP_PROXY: proxy.url,
    HTTPS_PROXY: proxy.url,
  }
  const { status, stderr } = await asp(home, ['fetch', 'someone/tiny', '-q'], environment)
  assert.is(status, 0, stderr)
  assert.is(server.tokens.hub[0], 'Bearer hf_stored')
  const offline = await asp(home, ['fetch', 'someone/pickled'], {
    ...environment,
    TRANSFORMERS_OFFLINE: '1',
  })
  assert.is(offline.status, 2)
  assert.match(offline.stderr, /not cached while TRANSFORMERS_OFFLINE is set/)
  checkSecrets(stderr + offline.stderr)
})

test.run()
