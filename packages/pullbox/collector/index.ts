export { announce, announced, findCollector, type Announcement, type FoundCollector } from './announce.ts'
export { Collector, type CollectorOptions, type CollectorStatus, type ListenerSpec, type ListenerStatus } from './collector.ts'
export { checkLedger, type LedgerAccount, type LedgerCheck, type LedgerCheckLine, type LedgerCheckOptions } from './ledger-check.ts'
