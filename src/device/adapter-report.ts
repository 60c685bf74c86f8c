/** What asp says about an adapter: who drives it and what it can do. */
import type { Build } from '../engine/cpu/module.js'
import { dawnVersion } from './dawn.js'

export type AdapterKind = 'hardware' | 'llvmpipe' | 'swiftshader' | 'software' | 'cpu'

/** Limits asked for, all as high as the adapter has them; what each is for. */
export const LIMITS = {
  maxBufferSize: { what: 'largest buffer', unit: 'bytes' },
  maxStorageBufferBindingSize: { what: 'largest storage binding', unit: 'bytes' },
  maxStorageBuffersPerShaderStage: { what: 'storage buffers of a shader', unit: 'count' },
  maxComputeWorkgroupStorageSize: { what: 'workgroup memory', unit: 'bytes' },
  maxComputeInvocationsPerWorkgroup: { what: 'invocations of a workgroup', unit: 'count' },
  maxComputeWorkgroupSizeX: { what: 'workgroup width', unit: 'count' },
  maxComputeWorkgroupsPerDimension: { what: 'workgroups per dimension', unit: 'count' },
} as const
export type LimitName = keyof typeof LIMITS

/** Features asked for where the adapter has them; what each is for. */
export const FEATURES = {
  'shader-f16': 'half-precision arithmetic',
  subgroups: 'lanes that pass values to each other',
  'timestamp-query': 'kernel times measured on the device',
  'chromium-experimental-subgroup-matrix': 'matrix units',
} as const
export type FeatureName = keyof typeof FEATURES

export interface AdapterReport {
  /** Device name as the driver gives it, such as `llvmpipe-llvm-15-0-6-256-bits-`. */
  name: string
  vendor: string
  architecture: string
  /** Driver name and version. */
  driver: string
  backend: string
  kind: AdapterKind
  /** Whether what computes came with asp: true of the processor's kernels. */
  bundled: boolean
  isFallback: boolean
  /** Version of the `webgpu` package, which builds Dawn; undefined where it has no part. */
  dawn?: string
  limits: Partial<Record<LimitName, number>>
  features: (FeatureName | 'simd128' | 'relaxed-simd')[]
  /** Lanes of a subgroup; 0 where the adapter has no subgroups. */
  subgroupMinSize: number
  subgroupMaxSize: number
  /** Of the processor's device. */
  cpu?: { build: Build; threads: number; fused: boolean }
}

const BACKENDS: Record<string, string> = { linux: 'vulkan', darwin: 'metal', win32: 'd3d12' }
const KINDS: [RegExp, AdapterKind][] = [
  [/llvmpipe|lavapipe/i, 'llvmpipe'],
  [/swiftshader/i, 'swiftshader'],
  [/basic render|warp/i, 'software'],
]

/** Kind of an adapter by its name and description. */
export function adapterKind(name: string, isFallback = false): AdapterKind {
  const known = KINDS.find(([pattern]) => pattern.test(name))
  return known ? known[1] : isFallback ? 'software' : 'hardware'
}

/** Reads the report off an adapter. */
export function reportAdapter(adapter: GPUAdapter): AdapterReport {
  const { info, limits, features } = adapter
  const subgroups = features.has('subgroups')
  return {
    name: info.device,
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    backend: BACKENDS[process.platform] ?? 'unknown',
    kind: adapterKind(`${info.device} ${info.architecture} ${info.description}`, info.isFallbackAdapter),
    bundled: false,
    isFallback: info.isFallbackAdapter,
    dawn: dawnVersion(),
    limits: Object.fromEntries(limitNames().map((name) => [name, limits[name]])) as Record<LimitName, number>,
    features: featureNames().filter((name) => features.has(name)),
    subgroupMinSize: (subgroups && info.subgroupMinSize) || 0,
    subgroupMaxSize: (subgroups && info.subgroupMaxSize) || 0,
  }
}

function limitNames(): LimitName[] {
  return Object.keys(LIMITS) as LimitName[]
}

function featureNames(): FeatureName[] {
  return Object.keys(FEATURES) as FeatureName[]
}
