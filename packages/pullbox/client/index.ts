export type { Client, ClientFrame, QueryAsk, TailAsk, TailEvent } from './contract.ts'
