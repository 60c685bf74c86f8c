/**
 * The parts of the peers that are called here. The main project checks these programs without the peers being
 * installed; a declaration of this kind goes before an installed package's own.
 */
declare module 'node-llama-cpp' {
  export type Token = number
  export interface EvaluateOptions {
    temperature: number
    yieldEogToken?: boolean
  }
  export interface LlamaContextSequence {
    clearHistory(): Promise<void>
    evaluate(tokens: Token[], options: EvaluateOptions): AsyncGenerator<Token, void, void>
    controlledEvaluate(
      input: (Token | [Token, { generateNext: { logits: true; options: EvaluateOptions } }])[],
    ): Promise<({ next: { logits?: Map<Token, number> } } | undefined)[]>
  }
  export interface LlamaContext {
    readonly currentThreads: number
    readonly batchSize: number
    getSequence(): LlamaContextSequence
  }
  export interface LlamaModel {
    readonly gpuLayers: number
    createContext(options: {
      contextSize: number
      batchSize: number
      sequences: number
      threads: number
      ignoreMemorySafetyChecks: boolean
    }): Promise<LlamaContext>
  }
  export interface Llama {
    readonly llamaCppRelease: { release: string }
    readonly buildType: string
    readonly systemInfo: string
    getGpuDeviceNames(): Promise<string[]>
    loadModel(options: {
      modelPath: string
      gpuLayers: number | 'max'
      ignoreMemorySafetyChecks: boolean
    }): Promise<LlamaModel>
  }
  export function getLlama(options: {
    gpu: false | 'vulkan'
    build: 'never'
    skipDownload: boolean
    logLevel: 'error'
    maxThreads: number
    vramPadding: number
  }): Promise<Llama>
}

declare module 'onnxruntime-node' {
  export class Tensor {
    constructor(type: 'float32' | 'int64', data: Float32Array | BigInt64Array, dims: readonly number[])
    readonly data: Float32Array
  }
  export class InferenceSession {
    static create(
      file: string,
      options: {
        executionProviders: string[]
        intraOpNumThreads: number
        interOpNumThreads: number
        logSeverityLevel: number
      },
    ): Promise<InferenceSession>
    run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>
  }
}

declare module 'onnx-proto' {
  namespace onnx {
    interface IAttributeProto {
      name: string
      type: number
      i?: number
      f?: number
      ints?: number[]
    }
    interface INodeProto {
      opType: string
      name: string
      input: string[]
      output: string[]
      domain?: string
      attribute: IAttributeProto[]
    }
    interface IValueInfoProto {
      name: string
      type: {
        tensorType: { elemType: number; shape: { dim: ({ dimValue: number } | { dimParam: string })[] } }
      }
    }
    interface ITensorProto {
      name: string
      dims: number[]
      dataType: number
      dataLocation?: number
      externalData?: { key: string; value: string }[]
      int64Data?: number[]
      floatData?: number[]
    }
    interface IModelProto {
      irVersion: number
      producerName: string
      opsetImport: { domain: string; version: number }[]
      graph: {
        name: string
        node: INodeProto[]
        initializer: ITensorProto[]
        input: IValueInfoProto[]
        output: IValueInfoProto[]
      }
    }
  }
  const proto: {
    onnx: {
      AttributeProto: { AttributeType: { FLOAT: number; INT: number; INTS: number } }
      ModelProto: { encode(model: onnx.IModelProto): { finish(): Uint8Array } }
      TensorProto: {
        DataLocation: { EXTERNAL: number }
        DataType: { FLOAT: number; INT64: number }
      }
    }
  }

  export { onnx }
  export default proto
}
