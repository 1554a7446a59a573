export { createSearch, type Frame, type PlainRow, type QueryOptions, type Search, type SearchOptions } from './search.ts'
export { explainRecord, type Lookup } from './explain.ts'
