// What a program may use of pullbox beside its commands: each command is a thin door to one of these.
export {
  checkConfig,
  ConfigError,
  initText,
  loadConfig,
  parseDuration,
  parseListen,
  parseSize,
  Secret,
  stateDirectory,
} from './config/index.ts'
export type { Config, ConfigSources, LoadedConfig, Origin, Problem } from './config/index.ts'
export { examine } from './cli/doctor/index.ts'
export type { DoctorOptions, Finding, Verdict } from './cli/doctor/index.ts'
export { hostile, hostileJson, hostilePieces } from './cli/output/hostile.ts'
export { runCommandLine } from './cli/shell.ts'
export { parseTime } from './time/time.ts'
export { findZone, formatTime } from './time/zone.ts'
