import { houseFiles, read } from '../files.ts'

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const
const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/

type Manifest = { name?: string; version?: string } & Partial<Record<(typeof FIELDS)[number], Record<string, string>>>

/** Versions in any package.json that are not exact, workspaces that differ in version, and one dependency in two versions. */
export function checkVersions(root: string): string[] {
  const paths = houseFiles(root).filter((path) => /(?:^|\/)package\.json$/.test(path))
  const manifests = paths.map((path) => ({ path, manifest: JSON.parse(read(root, path)) as Manifest }))
  const house = manifests.find((one) => one.path === 'package.json')?.manifest.version
  const workspaces = new Set(manifests.map((one) => one.manifest.name))
  const seen = new Map<string, { version: string; path: string }>()
  const problems: string[] = []
  for (const { path, manifest } of manifests) {
    if (path.startsWith('packages/') && manifest.version !== house)
      problems.push(`${path}: version ${manifest.version}, the house has ${house}`)
    for (const [name, version] of FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {}))) {
      const before = seen.get(name)
      if (!EXACT.test(version)) problems.push(`${path}: "${name}": "${version}" is not one exact version`)
      else if (workspaces.has(name) && version !== house) problems.push(`${path}: "${name}": "${version}", the house has ${house}`)
      else if (before !== undefined && before.version !== version)
        problems.push(`${path}: "${name}": "${version}", but ${before.version} in ${before.path}`)
      else seen.set(name, { version, path })
    }
  }
  return problems
}
