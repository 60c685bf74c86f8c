/** The parts of tokenizer.json are objects with a `type`: which function of a table makes what an object stands for. */
import { isObject, type JsonObject } from '../json-file.js'

/**
 * @param what for messages: `normalizer`
 * @throws Error on a type that the table does not have
 */
export function partOf<T>(
  table: Readonly<Record<string, T>>,
  part: unknown,
  what: string,
): { make: T; options: JsonObject } {
  const type = isObject(part) ? part.type : part
  if (isObject(part) && typeof type === 'string' && Object.hasOwn(table, type))
    return { make: table[type], options: part }
  throw new Error(`unknown ${what} ${JSON.stringify(type)}`)
}
