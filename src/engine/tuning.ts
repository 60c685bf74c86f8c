/** What an adapter is, as far as choosing kernels goes. */
export interface AdapterTraits {
  kind: 'hardware' | 'llvmpipe' | 'swiftshader' | 'software'
  features: readonly string[]
  /** Lanes of a subgroup; 0 where the adapter has none. */
  subgroupMinSize: number
  subgroupMaxSize: number
}

/** Workgroup sizes, and which of several kernels, as the adapter likes them. */
export interface Tuning {
  /** Shader file of the attention kernel. */
  attention: string
  /** Lanes of row-wise kernels. */
  lanes: number
  /** Queries of an attention workgroup, one a lane. */
  queryTile: number
  /** Keys of a drop-times workgroup, one a lane. */
  keyTile: number
}

const TUNINGS: Record<AdapterTraits['kind'], Tuning> = {
  hardware: { attention: 'attention.wgsl', lanes: 64, queryTile: 64, keyTile: 64 },
  llvmpipe: { attention: 'attention.wgsl', lanes: 8, queryTile: 16, keyTile: 8 },
  swiftshader: { attention: 'attention.wgsl', lanes: 4, queryTile: 16, keyTile: 4 },
  software: { attention: 'attention.wgsl', lanes: 8, queryTile: 16, keyTile: 8 },
}

export function chooseTuning({ kind }: AdapterTraits): Tuning {
  return TUNINGS[kind]
}
