/** Uploading a model: one commit with every file as it is on disk, and what is said when the Hub does not take it. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HubSettings } from '../../../src/data/hub/settings.js'
import { checkUploadAccess, uploadModel } from '../../../src/data/hub/upload.js'
import { EXIT, type Failure } from '../../../src/errors.js'
import { checkSecrets, failureOf, LARGE, TOKEN } from './fixture.js'
import { type HubServer, startHub } from './server.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-upload-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const FILES: Record<string, Uint8Array> = {
  'README.md': new TextEncoder().encode('# a model\n'),
  'config.json': new TextEncoder().encode('{}'),
  'model.safetensors': LARGE,
  'tokenizer.json': randomBytes(20_000),
}
for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(folder, name), bytes)

const test = suite('upload')
let server: HubServer
let settings: HubSettings
test.before(async () => {
  server = await startHub([])
  settings = { endpoint: server.url, cacheFolder: folder, token: TOKEN, offline: false }
})
test.after(() => server.close())
test.before.each(() => server.reset())

const upload = (repo = 'someone/new'): Promise<{ commit: string; url: string }> =>
  uploadModel({ repo, folder, files: Object.keys(FILES), title: 'gamma 0.3' }, settings)

test('one commit with every file, the large ones by way of the store, the token to the Hub alone', async () => {
  const { commit, url } = await upload()
  assert.is(commit, 'c'.repeat(40))
  assert.is(url, `${server.url}/someone/new`)
  assert.is(server.commits.length, 1)
  const [{ repo, summary, files }] = server.commits
  assert.equal([repo, summary], ['someone/new', 'gamma 0.3'])
  assert.equal(Object.keys(files).sort(), Object.keys(FILES))
  for (const [name, bytes] of Object.entries(FILES)) assert.ok(Buffer.from(bytes).equals(files[name]), name)
  assert.ok(server.tokens.hub.every((header) => header === `Bearer ${TOKEN}`))
  assert.equal(server.tokens.store, [undefined])
})

test('a repository that is there already gets another commit', async () => {
  await upload()
  await upload()
  assert.is(server.commits.length, 2)
})

const troubles: [string, number, RegExp, RegExp][] = [
  ['/api/repos/create', 403, /^--push: someone\/new may not be written, got status 403$/, /HF_TOKEN/],
  ['/commit/', 401, /may not be written, got status 401$/, /HF_TOKEN/],
  ['store/', 500, /could not be uploaded to 127\.0\.0\.1:\d+, got status 500$/, /is whole in .* --resume/],
]
for (const [at, status, message, hint] of troubles) {
  test(`status ${status} at ${at}: a line, and the way on`, async () => {
    server.faults = [{ at, status, body: `{"error":"${TOKEN}"}` }]
    const failure: Failure = await failureOf(upload())
    assert.match(failure.message, message)
    assert.match(failure.hint ?? '', hint)
    assert.is(failure.exit, EXIT.failed)
    assert.equal(server.commits, [])
    checkSecrets(failure.message)
  })
}

test('without a token or a network nothing is begun', () => {
  assert.throws(() => checkUploadAccess({ ...settings, token: undefined }), /needs a token that may write/)
  assert.throws(() => checkUploadAccess({ ...settings, offline: true }), /HF_HUB_OFFLINE/)
  checkUploadAccess(settings)
})

test.run()
