export { COUNTERS, type CounterName, type Counters } from './counters.ts'
export { CONNECTIONS, RECEIVE_BUFFER, startListener, STOP_MS, type Listener, type ListenerOptions } from './listener.ts'
export { OBSERVER_BYTES, OBSERVER_RECORDS, type ObserverModule, type SequenceObserver } from './observer.ts'
export {
  createDoorbell,
  createRing,
  ringBytes,
  RingConsumer,
  RingProducer,
  SLOT,
  takeAny,
  type RingShared,
  type RingSize,
  type Taken,
  type TakenFrom,
} from './ring.ts'
export { KEY_BYTES, OTHER, OWN, SOURCE_KEYS, SourceTable, type SourceTableShared } from './source-table.ts'
export { LISTENER_TYPES, type ListenerFraming, type ListenerType } from './task.ts'
export type { ZoneRule } from './zones.ts'
