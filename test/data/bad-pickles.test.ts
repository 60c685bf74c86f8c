/** Torch files that would run code or exhaust a naive reader (scripts/make-bad-pickles.py): each is refused by name, in one line, at once. */
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { openTorchFile } from '../../src/data/weights/torch-file.js'
import { refused } from '../failure.js'

const FIXTURES = join(import.meta.dirname, '../fixtures/bad-pickles')

/** Milliseconds that refusing takes at most, on a machine that does other things as well. */
const SOON = 3000

const SAYS: Readonly<Record<string, RegExp>> = {
  'os-system.pt':
    /its pickle has the name posix.system, which no checkpoint needs \(byte \d+\); nothing of it was run$/,
  'os-system-legacy.pt': /the name posix.system/,
  'eval.pt': /the name __builtin__.eval/,
  'eval-4.pt': /the name builtins.eval/,
  'whole-module.pt': /the name torch.nn.modules.linear.Linear/,
  'dotted.pt': /the name collections.OrderedDict.__class__/,
  'inst.pt': /the name os.system/,
  'obj.pt': /opcode 0x6f \(OBJ\)/,
  'build-slots.pt': /the name os.system/,
  'extension.pt': /opcode 0x82 \(EXT1\)/,
  'persistent-text.pt': /opcode 0x50 \(PERSID\)/,
  'call-of-a-list.pt': /a call of something that is no name/,
  'storage-called.pt': /a call of torch.FloatStorage, which makes nothing/,
  'no-storage.pt': /must have a state dict, got no tensors/,
  'memo-bomb.pt': /must have a state dict, got no tensors/,
  'deep-marks.pt': /damaged at byte 200001: the stack is empty/,
  'many-dictionaries.pt': /must end within 1000000 steps/,
  'copies.pt': /ordered dictionaries that are made over and over/,
  'self.pt': /must have a state dict, got no tensors/,
  'huge-text.pt': /4611686018427388000 bytes are announced, 2 are left/,
  'huge-number.pt': /a whole number of 2147483647 bytes, of at most 16/,
  'huge-memo.pt': /must have a state dict, got no tensors/,
  'repeats.pt': /tensor wte.weight: must have 1125899906842624 elements of its own, got 1/,
  'beyond.pt': /reaches to element 6 of a storage of 4/,
  'overflow.pt': /reaches to element \S+ of a storage of 4/,
  'negative.pt': /a tensor needs a shape and strides, each a few sizes/,
  'short-storage.pt': /its storage must have 20 bytes, got 16/,
  'missing-storage.pt': /its storage must have 16 bytes, got none/,
  'bomb.pt': /entry "archive\/data.pkl" must be stored as it is, got compression method 8/,
  'upwards.pt': /an entry must lie within the archive, got "archive\/..\/..\/..\/tmp\/ran"/,
  'absolute.pt': /an entry must lie within the archive, got "\/etc\/passwd"/,
  'twice.pt': /entry "archive\/data\/0" is there twice/,
  'overlap.pt': /entry "archive\/data\/1" lies within another/,
  'big-endian.pt': /byteorder must be little, got "big"/,
  'no-tensors.pt': /must have a state dict, got no tensors/,
  'other-archive.pt': /a zip archive, but not one of torch.save: it has no data.pkl/,
  'plain-pickle.pt': /a pickle, but not one of torch.save/,
  'text.pt': /must be a file of torch.save, got one that begins with 6e6f7420/,
}

interface Context {
  folder: string
}

const pickles = suite<Context>('bad pickles')

pickles.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'asp-bad-pickles-'))
  for (const name of await readdir(FIXTURES)) {
    const path = join(FIXTURES, name)
    const to = join(context.folder, basename(name, '.gz'))
    await (name.endsWith('.gz') ? writeFile(to, gunzipSync(await readFile(path))) : cp(path, to))
  }
})
pickles.after(({ folder }) => rm(folder, { recursive: true }))

pickles('every file is in the list', async ({ folder }) => {
  assert.equal((await readdir(folder)).sort(), Object.keys(SAYS).sort())
})

for (const [name, says] of Object.entries(SAYS)) {
  pickles(`refuses ${name}`, async ({ folder }) => {
    const began = performance.now()
    await refused(() => openTorchFile(join(folder, name)), says)
    assert.ok(performance.now() - began < SOON)
  })
}

pickles('a checkpoint that is one of them ends in the same line, and nothing was run', async ({ folder }) => {
  await refused(
    () => openCheckpoint(join(folder, 'os-system.pt')),
    /os-system.pt: its pickle has the name posix.system/,
  )
  assert.not(existsSync('ran'))
  assert.not(existsSync('/tmp/ran'))
})

pickles('reading all of them takes little memory', () => {
  assert.ok(process.memoryUsage().rss < 1e9)
})

pickles.run()
