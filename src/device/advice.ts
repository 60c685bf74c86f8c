/** What a person can do to make asp work, or work faster, on this machine; pure, from what was found on it. */
import type { AdapterKind } from './adapter-report.js'

export interface MachineFacts {
  /** The ID and VERSION_ID of /etc/os-release; empty where there is none. */
  distribution: { id: string; version: string }
  /** Kind of the device in use; undefined when none works. */
  inUse: AdapterKind | undefined
  /** Kinds of every adapter Dawn accepts. */
  available: readonly AdapterKind[]
  /** GPU device nodes such as /dev/nvidiactl or /dev/dri/renderD128. */
  gpuNodes: readonly string[]
  /** Without its `v`. */
  node: string
  /** Whether V8 makes one instruction of two neighbouring vectors. */
  fused: boolean
  /** Free host memory, bytes. */
  freeMemory: number
}

/** Memory that GPT-2 with f32 weights and its activations need on a processor, roughly. */
const COMFORTABLE_MEMORY = 2 * 2 ** 30

/** The first Node whose V8 fuses vectors. */
const FUSING_NODE = 24

interface Rule {
  applies: (facts: MachineFacts) => boolean
  say: (facts: MachineFacts) => string
}

/** In the order a person should read them. */
const RULES: Rule[] = [
  {
    applies: ({ inUse, available }) => inUse !== 'hardware' && available.includes('hardware'),
    say: () => 'there is a GPU that works: --device auto takes it',
  },
  {
    applies: ({ gpuNodes, available }) => gpuNodes.length > 0 && !available.includes('hardware'),
    say: ({ gpuNodes: [node], distribution }) =>
      `there is a GPU (${node}) but no Vulkan driver that works for it: ${driverCommand(node, distribution)}, ` +
      `and check that this user may open ${node}`,
  },
  {
    applies: ({ inUse }) => inUse === 'llvmpipe' || inUse === 'swiftshader' || inUse === 'software',
    say: () => 'software drivers are for testing shaders: --device cpu is faster',
  },
  {
    applies: ({ inUse, fused, node }) => inUse === 'cpu' && !fused && Number.parseInt(node, 10) < FUSING_NODE,
    say: ({ node }) =>
      `Node ${node} uses half of each vector unit: Node ${FUSING_NODE} is up to twice as fast`,
  },
  {
    applies: ({ inUse, freeMemory }) => inUse !== 'hardware' && freeMemory < COMFORTABLE_MEMORY,
    say: ({ freeMemory }) =>
      `only ${(freeMemory / 2 ** 30).toFixed(1)} GiB of memory is free: use a small --batch-tokens`,
  },
]

/** Sentences of advice; empty when nothing would help. */
export function advise(facts: MachineFacts): string[] {
  return RULES.filter((rule) => rule.applies(facts)).map((rule) => rule.say(facts))
}

function driverCommand(node: string, distribution: MachineFacts['distribution']): string {
  if (node.includes('nvidia')) return "install NVIDIA's driver with its Vulkan part and a Vulkan loader"
  return mesaCommand(distribution)
}

/** The command that installs a Mesa new enough for Dawn, by distribution. */
function mesaCommand({ id, version }: MachineFacts['distribution']): string {
  if (id === 'debian' && Number(version) < 13) {
    return `apt install -t bookworm-backports libvulkan1 mesa-vulkan-drivers (backports enabled; its own is too old)`
  }
  const commands = new Map([
    ['debian', 'apt install libvulkan1 mesa-vulkan-drivers'],
    ['ubuntu', 'apt install libvulkan1 mesa-vulkan-drivers (24.04 or later)'],
    ['fedora', 'dnf install vulkan-loader mesa-vulkan-drivers'],
    ['arch', "pacman -S vulkan-icd-loader and the GPU's driver (vulkan-radeon, vulkan-intel)"],
  ])
  return commands.get(id) ?? 'install libvulkan1 and mesa-vulkan-drivers, version 25 or later'
}
