export * from './batch.ts'
export * from './block.ts'
export * from './time-text.ts'
export * from './trigrams.ts'
