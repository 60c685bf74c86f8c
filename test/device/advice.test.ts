import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advise, type MachineFacts } from '../../src/device/advice.js'

const advice = suite('advice')

/** A Debian 13 machine with the Node of today and nothing else. */
const bare: MachineFacts = {
  distribution: { id: 'debian', version: '13' },
  inUse: 'cpu',
  available: [],
  gpuNodes: [],
  node: '24.1.0',
  fused: true,
  freeMemory: 8e9,
}
const dri = { gpuNodes: ['/dev/dri/renderD128'] }

const cases: [string, Partial<MachineFacts>, RegExp[]][] = [
  ['a bare machine', {}, []],
  [
    'an older Node',
    { node: '20.19.0', fused: false },
    [/^Node 20\.19\.0 uses half of each vector unit: Node 24 is up to twice as fast$/],
  ],
  ['a new Node on a processor that does not fuse', { fused: false }, []],
  ['an older Node beside a GPU', { inUse: 'hardware', node: '20.19.0', fused: false }, []],
  [
    "NVIDIA's GPU without its driver",
    { gpuNodes: ['/dev/nvidiactl'] },
    [/there is a GPU \(\/dev\/nvidiactl\).*: install NVIDIA's driver .* may open \/dev\/nvidiactl$/],
  ],
  ['another GPU without its driver', dri, [/: apt install libvulkan1 mesa-vulkan-drivers, and check/]],
  [
    'another GPU on Debian 12',
    { ...dri, distribution: { id: 'debian', version: '12' } },
    [/apt install -t bookworm-backports .*too old/],
  ],
  [
    'another GPU on an unknown distribution',
    { ...dri, distribution: { id: '', version: '' } },
    [/: install libvulkan1 and mesa/],
  ],
  ['a GPU that is not used', { ...dri, available: ['hardware'] }, [/--device auto takes it$/]],
  ['a GPU that is used', { ...dri, inUse: 'hardware', available: ['hardware'], freeMemory: 5e8 }, []],
  ['a software driver', { inUse: 'llvmpipe', available: ['llvmpipe'] }, [/--device cpu is faster$/]],
  ['little memory', { freeMemory: 5e8 }, [/only 0\.5 GiB of memory is free/]],
  ['nothing works', { inUse: undefined, fused: false }, []],
]

for (const [name, facts, expected] of cases) {
  advice(name, () => {
    const said = advise({ ...bare, ...facts })
    assert.is(said.length, expected.length, said.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(said[index], pattern)
  })
}

advice.run()
