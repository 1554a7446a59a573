// The door of the query engine: LogsQL in, rows out.
export * from './rows.ts'
export * from './engine/index.ts'
export { compareNatural, lessNatural } from './language/compare.ts'
export { parseQuery, printQuery } from './language/parser.ts'
export type { FilterNode, PipeNode, Query } from './language/ast.ts'
export { compileFilter, fieldsOf, timeRange as filterTimeRange, requirements, Selection } from './filter/index.ts'
export type { FilterContext } from './filter/index.ts'
export { pipeParsers, pipes } from './pipe/index.ts'
