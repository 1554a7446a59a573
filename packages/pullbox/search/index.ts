export { createSearch, type Frame, type QueryOptions, type Search, type SearchOptions } from './search.ts'
export { explainRecord, type Lookup } from './explain.ts'
export { namedFields, picksRecords, readQuery, shownBy, type PlainRow } from './shown.ts'
