export { SampleBlocks, type SampleRecord } from './sample.ts'
