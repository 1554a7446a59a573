// The block: the bytes of a batch on disk, in the spool and on the wire. docs/formats/block.md describes each of them.
export * from './block-encode.ts'
export * from './block-format.ts'
export * from './block-read.ts'
export * from './block-rows.ts'
