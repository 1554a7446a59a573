export { brokenEnd, fsck, type FsckOptions, type FsckReport } from './fsck.ts'
export {
  listBlocks,
  listSegments,
  readNumbers,
  type RangeBlock,
  type ListingOptions,
  type PlacedBlock,
  type SegmentInfo,
  type StoreListing,
} from './list.ts'
export { SegmentsReader, type ReaderOptions } from './reader.ts'
export { describeSource, openSource, type SegmentsSourceOptions } from './source.ts'
export { openSegments, SegmentsStore, type SegmentsOptions } from './store.ts'
export { recount, type Recount, type RecountOptions, type Tally } from './recount.ts'
