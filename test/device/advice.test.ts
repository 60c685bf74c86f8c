import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advise, type MachineFacts } from '../../src/device/advice.js'

const advice = suite('advice')

/** A Debian 13 machine with nothing but npm's packages. */
const bare: MachineFacts = {
  platform: 'linux',
  distribution: { id: 'debian', version: '13' },
  inUse: 'swiftshader',
  available: ['swiftshader'],
  systemLoader: false,
  manifests: [],
  gpuNodes: [],
  bundledMissing: undefined,
  freeMemory: 8e9,
}
const mesa = { systemLoader: true, manifests: ['/usr/share/vulkan/icd.d/lvp_icd.json'] }
const missing = 'the optional package is not installed'

const cases: [string, Partial<MachineFacts>, RegExp[]][] = [
  ['a bare machine', {}, [/llvmpipe is about 3 times faster.*: apt install libvulkan1 mesa-vulkan-drivers$/]],
  [
    'Debian 12 with its own Mesa',
    { ...mesa, distribution: { id: 'debian', version: '12' } },
    [/22\.3 is too old/, /apt install -t bookworm-backports/],
  ],
  ['llvmpipe not chosen', { ...mesa, available: ['llvmpipe', 'swiftshader'] }, [/--device llvmpipe/]],
  [
    'llvmpipe',
    { ...mesa, inUse: 'llvmpipe', available: ['llvmpipe', 'swiftshader'] },
    [/GPU is many times faster/],
  ],
  [
    'a GPU without its driver',
    { ...mesa, inUse: 'llvmpipe', available: ['llvmpipe'], gpuNodes: ['/dev/nvidiactl'] },
    [/there is a GPU \(\/dev\/nvidiactl\)/],
  ],
  [
    'nothing works',
    { inUse: undefined, available: [], bundledMissing: missing },
    [/npm install --include=optional/, /install a software Vulkan driver: apt/],
  ],
  [
    'nothing works on Windows',
    { platform: 'win32', inUse: undefined, available: [], bundledMissing: 'for linux-x64' },
    [/update the graphics driver/],
  ],
  ['hardware with everything', { inUse: 'hardware', available: ['hardware'] }, []],
  ['an unknown distribution', { distribution: { id: '', version: '' } }, [/: install libvulkan1 and mesa/]],
  ['little memory', { freeMemory: 5e8 }, [/llvmpipe/, /only 0\.5 GiB of memory is free/]],
]

for (const [name, facts, expected] of cases) {
  advice(name, () => {
    const said = advise({ ...bare, ...facts })
    assert.is(said.length, expected.length, said.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(said[index], pattern)
  })
}

advice.run()
