/** Of WebAssembly's JavaScript API, what is used here: node's types do not tell of it. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const WASM_PAGE = 0x10000;

/** Loops that were compiled once, with a memory of their own each time. */
export class HotCode<Loops> {
  readonly #code: string;
  #module: object | undefined;

  /** @param code - base64 */
  constructor(code: string) {
    this.#code = code;
  }

  /** Of `bytes` zeros at least. */
  start(bytes: number): { readonly loops: Loops; readonly buffer: ArrayBuffer } {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE) });
    this.#module ??= new WebAssembly.Module(Buffer.from(this.#code, "base64"));
    const { exports } = new WebAssembly.Instance(this.#module, { env: { memory } });
    return { loops: exports as Loops, buffer: memory.buffer };
  }
}
