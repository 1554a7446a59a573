export { Collector, type CollectorOptions, type CollectorStatus, type ListenerSpec, type ListenerStatus } from './collector.ts'
