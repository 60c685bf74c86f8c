import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listAdapters } from '../../src/device/open.js'
import { type DriverPackage, findDriverPackage, unpackDriver, useSwiftShader } from './swiftshader.js'

const found = findDriverPackage()
const driver = suite('SwiftShader for tests', { folder: '' })

driver.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'asp-driver-'))
})
driver.after.each(async ({ folder }) => {
  await rm(folder, { recursive: true })
})

if (found !== null) {
  driver('unpacks whole, also when several processes do it at once', async ({ folder }) => {
    const all = await Promise.all([1, 2, 3].map(() => unpackDriver(found, folder)))
    const [{ icd, loader }] = all
    for (const one of all) assert.is(one.icd, icd)
    assert.equal(await readdir(folder), [found.version], 'no temporary folder is left')
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

  driver('is an adapter to this process and to its children', async () => {
    assert.ok(await useSwiftShader())
    assert.ok((await listAdapters()).some(({ kind }) => kind === 'swiftshader'))
    const module = new URL('../../src/device/open.ts', import.meta.url).href
    const script = `import { listAdapters } from '${module}'; console.log(JSON.stringify(await listAdapters()))`
    const argv = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 })
    assert.match(stdout, /"kind":"swiftshader"/)
  })
}

driver('leaves nothing of an archive it cannot read', async ({ folder }) => {
  const broken: DriverPackage = { folder: join(folder, 'package'), version: '1.2.3' }
  await mkdir(join(broken.folder, 'bin'), { recursive: true })
  for (const damage of [undefined, 'not brotli']) {
    if (damage !== undefined) await writeFile(join(broken.folder, 'bin', 'swiftshader.tar.br'), damage)
    const refusal = await unpackDriver(broken, folder).catch((error: unknown) => error)
    assert.instance(refusal, Error)
  }
  assert.equal(await readdir(folder), ['package'])
})

driver.run()
