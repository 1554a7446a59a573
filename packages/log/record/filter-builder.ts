import { readFileSync } from 'node:fs'

import { addAddresses, addTrigrams, TOKEN_BITS, TRIGRAM_BITS } from './trigrams.ts'

/** Makes the filters of blocks; see trigrams.ts for what they mean. */
export interface FilterBuilder {
  /**
   * Both filters of `arena`: memory that the builder uses again at its next call. `cuts` are the places where one text ends and the
   * next begins, ascending, the first 0 and the last the arena's length; without them the arena is one text.
   */
  build(arena: Uint8Array, cuts?: Uint32Array): { trigrams: Uint8Array; addresses: Uint8Array }
}

/** The part of the engine's WebAssembly interface that is used here; the type libraries of Node do not declare it. */
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: unknown }
}

interface Exports {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  trigrams(p: number, n: number, bits: number): void
  addresses(p: number, cuts: number, many: number, bits: number): void
}

const PAGE = 65_536
const TRIGRAM_BYTES = TRIGRAM_BITS / 8
const TOKEN_BYTES = TOKEN_BITS / 8
/** Stack and constants of the module lie below. */
const BASE = PAGE

/** A builder in WebAssembly (about three times as fast as the JavaScript); its memory grows to the largest arena it has seen. */
export function createFilterBuilder(): FilterBuilder {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
  const module = new Module(readFileSync(new URL('./wasm/filter.wasm', import.meta.url)))
  const exports = new Instance(module, {}).exports as Exports
  const bits = BASE
  const arenaAt = bits + TRIGRAM_BYTES + TOKEN_BYTES
  return {
    build(arena, cuts = Uint32Array.of(0, arena.length)) {
      const cutsAt = (arenaAt + arena.length + 7) & ~3
      const lack = cutsAt + cuts.byteLength - exports.memory.buffer.byteLength
      if (lack > 0) exports.memory.grow(Math.ceil(lack / PAGE))
      const memory = new Uint8Array(exports.memory.buffer)
      memory.fill(0, bits, arenaAt)
      memory.set(arena, arenaAt)
      new Uint32Array(exports.memory.buffer, cutsAt, cuts.length).set(cuts)
      exports.addresses(arenaAt, cutsAt, cuts.length, bits + TRIGRAM_BYTES)
      exports.trigrams(arenaAt, arena.length, bits)
      return { trigrams: memory.subarray(bits, bits + TRIGRAM_BYTES), addresses: memory.subarray(bits + TRIGRAM_BYTES, arenaAt) }
    },
  }
}

/** The same in JavaScript: the reference that the WebAssembly is compared with. */
export function createPlainFilterBuilder(): FilterBuilder {
  return {
    build(arena, cuts = Uint32Array.of(0, arena.length)) {
      const trigrams = new Uint8Array(TRIGRAM_BYTES)
      const addresses = new Uint8Array(TOKEN_BYTES)
      addTrigrams(arena, arena.length, trigrams)
      addAddresses(arena, cuts, addresses)
      return { trigrams, addresses }
    },
  }
}
