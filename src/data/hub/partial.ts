/** `<etag>.incomplete`: a content that is arriving, as Python's huggingface_hub names it, and the proof that it is whole. */
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open, rename, rm } from 'node:fs/promises'
import type { RemoteFile } from './settings.js'

export interface PartialFile {
  /** Bytes that are there, all of them in `problem`'s hash. */
  readonly bytes: number
  append(chunk: Uint8Array): Promise<void>
  /** Throws away what is there. */
  restart(): Promise<void>
  /** Why the content is not the one that was listed; null when it is. */
  problem(): Promise<string | null>
  /** Makes it the blob; only after `problem` found none. */
  publish(blob: string): Promise<void>
  close(): Promise<void>
}

const READ_BYTES = 1 << 20

/** Opens what an earlier download left, or a new file. More bytes than the content has are of no use and go. */
export async function openPartial(path: string, file: RemoteFile): Promise<PartialFile> {
  let handle = await openFile(path)
  let hash = contentHash(file)
  let bytes = 0

  async function restart(): Promise<void> {
    await handle.close()
    // A new file rather than a cut one: whoever else has the old one open cannot write into this.
    await rm(path, { force: true })
    handle = await openFile(path)
    hash = contentHash(file)
    bytes = 0
  }

  try {
    const { size } = await handle.stat()
    if (size > file.bytes) await restart()
    else bytes = await hashFrom(handle, hash)
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    get bytes() {
      return bytes
    },
    restart,
    async append(chunk) {
      for (let done = 0; done < chunk.byteLength; ) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, bytes + done)
        done += bytesWritten
      }
      hash.update(chunk)
      bytes += chunk.byteLength
    },
    async problem() {
      const { size } = await handle.stat()
      if (bytes !== file.bytes || size !== file.bytes) return `must have ${file.bytes} bytes, got ${size}`
      const digest = hash.copy().digest('hex')
      return digest === file.etag ? null : `content must have hash ${file.etag}, got ${digest}`
    },
    async publish(blob) {
      // Before it has its name, or a power cut could leave a blob of zeros.
      await handle.sync()
      await rename(path, blob)
    },
    close: () => handle.close(),
  }
}

/** Never through a link, and at its end too: Windows has no such flag. */
function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0))
}

async function hashFrom(handle: FileHandle, hash: Hash): Promise<number> {
  const buffer = new Uint8Array(READ_BYTES)
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position)
    if (bytesRead === 0) return position
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

/** Large files are listed with the SHA-256 of their bytes, small ones with git's object id. */
function contentHash({ etag, bytes }: RemoteFile): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`)
}
