export { connect, type ConnectOptions } from './connect.ts'
export type { Client, ClientFrame, ClientTailAsk, LedgerAsk, QueryAsk, TailAsk, TailEvent } from './contract.ts'
export { missingFor, gapOf, type Missing, type MissingAnswer } from './missing.ts'
export { whyNot, type Finding, type WhyNot } from './why-not.ts'
