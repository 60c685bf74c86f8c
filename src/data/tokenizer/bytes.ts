/** GPT-2's printable character for each byte of UTF-8 (openai/gpt-2, src/encoder.py). */

const isPlain = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae

/** By byte; those that cannot be printed have 0x100 and on, in turn. */
export const BYTE_CHARACTERS: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (isPlain(byte)) return String.fromCharCode(byte)
  const before = Array.from({ length: byte }, (_, one) => one).filter((one) => !isPlain(one))
  return String.fromCharCode(0x100 + before.length)
})

const UTF8 = new TextEncoder()

export function byteCharacters(text: string): string {
  let characters = ''
  for (const byte of UTF8.encode(text)) characters += BYTE_CHARACTERS[byte]
  return characters
}
