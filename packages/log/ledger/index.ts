export * from './account.ts'
export * from './gap-record.ts'
export * from './sequence.ts'
