/** What every JSON Schema of ours keeps to, wherever in it. */

export interface SchemaNode {
  description?: string
  $ref?: string
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, SchemaNode>
  patternProperties?: Record<string, SchemaNode>
  additionalProperties?: boolean | SchemaNode
  items?: SchemaNode
  anyOf?: SchemaNode[]
}
export type RootSchema = SchemaNode & { $defs: Record<string, SchemaNode> }

/** Objects that are open, do not require all their properties, or leave one undescribed. */
export function schemaFaults(schema: RootSchema): string[] {
  const faults: string[] = []
  for (const [at, node] of objectsOf(schema)) {
    if (node.additionalProperties !== false) faults.push(`${at}: open`)
    const names = Object.keys(node.properties ?? {})
    // The record spells out null instead of leaving a field away, so nothing is optional.
    if (names.toSorted().join() !== (node.required ?? []).toSorted().join()) faults.push(`${at}: required`)
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      if ((property.description ?? resolve(schema, property).description) === undefined)
        faults.push(`${at}/${name}: no description`)
    }
  }
  return faults
}

function resolve(schema: RootSchema, node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node
  const [name, , property] = node.$ref.replace('#/$defs/', '').split('/')
  return (property === undefined ? schema.$defs[name] : schema.$defs[name].properties?.[property]) ?? {}
}

/** Every schema node with named properties, once. */
function objectsOf(root: RootSchema): [string, SchemaNode][] {
  const found: [string, SchemaNode][] = []
  const visit = (at: string, node: SchemaNode): void => {
    if (node.properties !== undefined) found.push([at, node])
    const children = { ...node.properties, ...node.patternProperties }
    for (const [name, child] of Object.entries(children)) visit(`${at}/${name}`, child)
    if (typeof node.additionalProperties === 'object') visit(`${at}/*`, node.additionalProperties)
    if (node.items !== undefined) visit(`${at}[]`, node.items)
    for (const child of node.anyOf ?? []) visit(at, child)
  }
  visit('', root)
  for (const [name, child] of Object.entries(root.$defs ?? {})) visit(name, child)
  return found
}
