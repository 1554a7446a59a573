import { houseFiles } from '../files.ts'

/** Files and folders whose name says nothing of what is in them. */
export function checkNames(root: string): string[] {
  return houseFiles(root).flatMap((path) => {
    const part = path.split('/').find((name) => /^(?:utils?|helpers?)(?:[-_.]|$)/i.test(name))
    return part === undefined ? [] : [`${path}: "${part}" does not say what it holds; name it after that`]
  })
}
