import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  cacheFolder,
  type DriverPackage,
  findDriverPackage,
  unpackDriver,
} from '../../src/device/vulkan-driver.js'
import { Failure } from '../../src/errors.js'

const found = findDriverPackage()
const driver = suite('bundled Vulkan driver', { folder: '' })

driver.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'asp-driver-'))
})
driver.after.each(async ({ folder }) => {
  await rm(folder, { recursive: true })
})

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, Failure)
  return error as Failure
}

driver('has its cache where the environment says', () => {
  const cases: [NodeJS.ProcessEnv, string][] = [
    [{ ASP_CACHE: '/a', XDG_CACHE_HOME: '/x' }, '/a'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/asp'],
  ]
  for (const [environment, expected] of cases) assert.is(cacheFolder(environment), expected)
  assert.ok(cacheFolder({}).endsWith('/.cache/asp'))
})

if (!('missing' in found)) {
  driver('unpacks whole, also when several processes do it at once', async ({ folder }) => {
    const all = await Promise.all([1, 2, 3].map(() => unpackDriver(found, folder)))
    const [{ icd, loader }] = all
    for (const one of all) assert.is(one.icd, icd)
    assert.equal(await readdir(join(folder, 'vulkan')), [found.version], 'no temporary folder is left')
    const manifest: { ICD: { library_path: string } } = JSON.parse(await readFile(icd, 'utf8'))
    for (const library of [loader, resolve(dirname(icd), manifest.ICD.library_path)]) {
      assert.ok(isAbsolute(library))
      assert.is((await readFile(library)).subarray(1, 4).toString(), 'ELF', library)
    }
  })

  driver('replaces a copy that lacks a file', async ({ folder }) => {
    const { loader } = await unpackDriver(found, folder)
    await rm(loader)
    await unpackDriver(found, folder)
    assert.ok((await readFile(loader)).length > 100_000)
  })

  driver('says what to do when the cache cannot be written', async ({ folder }) => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    const { message, hint, exit } = await failure(unpackDriver(found, file))
    assert.match(message, `driver cache ${file}/vulkan: cannot be written`)
    assert.match(hint ?? '', 'ASP_CACHE')
    assert.is(exit, 1)
  })
}

driver('leaves nothing of an archive it cannot read', async ({ folder }) => {
  const broken: DriverPackage = { folder: join(folder, 'package'), version: '1.2.3' }
  await mkdir(join(broken.folder, 'bin'), { recursive: true })
  const missing = await failure(unpackDriver(broken, folder))
  assert.match(missing.message, /swiftshader\.tar\.br: cannot be read, ENOENT/)
  await writeFile(join(broken.folder, 'bin', 'swiftshader.tar.br'), 'not brotli')
  const damaged = await failure(unpackDriver(broken, folder))
  assert.match(damaged.message, /swiftshader\.tar\.br: cannot be read/)
  assert.is(damaged.exit, 1)
  assert.equal(await readdir(folder), ['package'])
})

driver.run()
