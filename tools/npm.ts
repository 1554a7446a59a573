import { spawnSync } from 'node:child_process'

/** Runs npm in a folder as if nobody had started us through npm. @throws Error with its output when it fails */
export function npm(cwd: string, args: readonly string[]): string {
  // npm tells the scripts it runs where its own project is; another npm below would believe it.
  const ours =
    /^npm_(?:package|lifecycle|command|config_local_prefix|config_prefix|config_workspace|config_include|execpath|node_execpath)/i
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name) && name !== 'INIT_CWD'))
  const program = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (result.status === 0) return result.stdout
  throw new Error(
    `npm ${args.join(' ')} ended with ${result.status ?? result.error?.message}\n${result.stdout ?? ''}${result.stderr ?? ''}`,
  )
}
