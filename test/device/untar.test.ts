import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { untar } from './untar.js'

const tar = suite('untar')

/** A ustar entry: header block and padded content. */
function entry(path: string, content: string, type = '0'): Uint8Array {
  const bytes = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512)
  bytes.write(path, 0)
  bytes.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  bytes.write(type, 156)
  bytes.write(content, 512)
  return bytes
}

const end = Buffer.alloc(1024)

tar('reads regular files by base name, of any length', () => {
  const long = 'x'.repeat(1300)
  const files = untar(
    Buffer.concat([entry('bin/', '', '5'), entry('bin/a', long), entry('b', ''), entry('c', 'see'), end]),
  )
  const texts = [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])
  assert.equal(texts, [
    ['a', long],
    ['b', ''],
    ['c', 'see'],
  ])
})

tar('refuses an archive that is cut off', () => {
  const archive = Buffer.concat([entry('a', 'x'.repeat(600)), end]).subarray(0, 700)
  assert.throws(() => untar(archive), /a is cut off, got 700 bytes/)
})

tar.run()
