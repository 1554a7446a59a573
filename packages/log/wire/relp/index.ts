export { RelpClient, type RelpClientEvents, type RelpClientOptions, type RelpClientProblem } from './client.ts'
export {
  encodeRelp,
  nextTxnr,
  RELP_LIMITS,
  RelpDecoder,
  type RelpDecoderOptions,
  type RelpError,
  type RelpErrorKind,
  type RelpFrame,
  type TakeRelpFrame,
} from './frame.ts'
export {
  encodeResponse,
  offeredVersion,
  offerWords,
  printOffers,
  readOffers,
  readResponse,
  type Offers,
  type RelpResponse,
} from './response.ts'
export { RELP_VERSION, RelpServer, type RelpServerOptions, type RelpServerProblem, type TakeRelpMessage } from './server.ts'
export { answerRelp } from './vectors.ts'
