export { startServer, type Server, type ServerOptions } from './server.ts'
export { serveCollector, type ServeOptions } from './serve.ts'
export type { ExplainView, LedgerCheckView, SourcesView, SourceView, StatusView } from './views.ts'
