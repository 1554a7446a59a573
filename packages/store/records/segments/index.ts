export { fsck, type FsckOptions, type FsckReport } from './fsck.ts'
export { SegmentsReader, type ReaderOptions } from './reader.ts'
export { describeSource, openSource, type SegmentsSourceOptions } from './source.ts'
export { openSegments, SegmentsStore, type SegmentsOptions } from './store.ts'
