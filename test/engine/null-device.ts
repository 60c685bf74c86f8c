/** Dawn's null backend: it compiles WGSL, has every feature and computes nothing, whatever adapters are at hand. */
import { create, globals } from 'webgpu'

export const FEATURES = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

/** Collected early it would take its devices with it. */
let held: GPU | undefined

/** A device with `FEATURES`. */
export async function nullDevice(): Promise<GPUDevice> {
  Object.assign(globalThis, globals)
  held = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
  const adapter = await held.requestAdapter()
  if (adapter === null) throw new Error('Dawn has no null backend')
  return adapter.requestDevice({ requiredFeatures: FEATURES as GPUFeatureName[] })
}
