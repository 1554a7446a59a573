import { homedir } from 'node:os'
import { houseFiles, read } from '../files.ts'

// In pieces, so that this file does not name one itself.
const HOSTS = ['npmjs|org', 'npmjs|com', 'yarnpkg|com', 'npmmirror|com', 'proxy.golang|org', 'pypi|org', 'deb.debian|org', 'crates|io'].map(
  (host) => host.replace('|', '.'),
)
const BINARY = /\.(?:o|wasm|png|jpg|gif|ico|gz|zst|lmdb|db|woff2?)$/

/** Names of package registries, and absolute paths of this machine (`root` itself, the home of the user, the work place). */
export function checkPlaces(root: string, home: string = homedir()): string[] {
  const paths = [root, home, '/work/main', '/work/shared'].filter((path) => path.split('/').length > 2 || path === home)
  const wanted = [...HOSTS, ...new Set(paths.map((path) => `${path}/`))]
  return houseFiles(root).flatMap((path) => {
    // Vectors are facts from elsewhere; whose words they are is said in them.
    if (BINARY.test(path) || path.startsWith('vectors/')) return []
    const lines = read(root, path).split('\n')
    return lines.flatMap((line, i) => {
      const found = wanted.find((text) => line.includes(text))
      return found === undefined
        ? []
        : [`${path}:${i + 1}: names ${HOSTS.includes(found) ? 'a package registry' : 'a path of this machine'}`]
    })
  })
}
