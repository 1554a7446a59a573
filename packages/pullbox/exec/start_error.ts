import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { ExecError } from './errors.ts'

/** What an error of `spawn` means. The system says ENOENT and EACCES for the program and for the directory alike. */
export async function startError(program: string, path: string, cwd: string | undefined, error: unknown): Promise<ExecError> {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  if (cwd !== undefined) {
    const problem = await directoryProblem(cwd)
    if (problem !== undefined) {
      return new ExecError('EXEC_BAD_CWD', `${program} cannot be started in ${cwd}: ${problem}`, {
        at: cwd,
        cause: error,
        hint: 'Create the directory or name another.',
      })
    }
  }
  if (code === 'ENOENT' && !program.includes('/')) {
    return new ExecError('EXEC_NOT_FOUND', `${program} is in no directory of PATH (${path})`, {
      at: program,
      cause: error,
      hint: 'Install it, or give its full path.',
    })
  }
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ExecError('EXEC_NOT_FOUND', await missing(program, cwd), { at: program, cause: error, hint: 'Check the path.' })
  if (code === 'EACCES' || code === 'EPERM') {
    return new ExecError('EXEC_NOT_ALLOWED', `${program} may not be executed (${code})`, {
      at: program,
      cause: error,
      hint: 'Check its mode, its owner and how its file system is mounted.',
    })
  }
  return new ExecError('EXEC_NOT_STARTED', `${program} could not be started (${code})`, { at: program, cause: error, hint: hintOf(code) })
}

async function missing(program: string, cwd: string | undefined): Promise<string> {
  try {
    await stat(program.startsWith('/') || cwd === undefined ? program : `${cwd}/${program}`)
    return `${program} names an interpreter or a loader that does not exist`
  } catch {
    return `${program} does not exist`
  }
}

async function directoryProblem(cwd: string): Promise<string | undefined> {
  try {
    if (!(await stat(cwd)).isDirectory()) return 'it is no directory'
    await access(cwd, constants.X_OK)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'it may not be entered' : 'it does not exist'
  }
}

function hintOf(code: string): string {
  if (code === 'E2BIG')
    return 'The arguments and the environment together are too long for the system; pass long data by standard input or a file.'
  if (code === 'EAGAIN' || code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM')
    return 'The machine is short of processes, descriptors or memory.'
  if (code === 'ENOEXEC') return 'The file is not a program of this machine.'
  return ''
}
