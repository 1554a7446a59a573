import { readdirSync, readFileSync } from 'node:fs'

/**
 * Where the pages of the error codes lie: `docs/errors` of the package when it was packed (the pack script copies the folder
 * there), else that of the checkout.
 */
const PLACES = [new URL('../docs/errors/', import.meta.url), new URL('../../../docs/errors/', import.meta.url)]

/** The sections of all pages, by code: what stands under `## CODE`, as written. */
export function errorDocs(places: readonly URL[] = PLACES): Map<string, string> {
  const found = new Map<string, string>()
  for (const place of places) {
    let names: string[]
    try {
      names = readdirSync(place).filter((n) => n.endsWith('.md'))
    } catch {
      continue
    }
    for (const name of names.sort()) for (const [code, text] of sections(readFileSync(new URL(name, place), 'utf8'))) found.set(code, text)
    if (found.size > 0) return found
  }
  return found
}

function sections(page: string): [string, string][] {
  const out: [string, string][] = []
  for (const part of page.split(/^## /m).slice(1)) {
    const end = part.indexOf('\n')
    const heading = (end < 0 ? part : part.slice(0, end)).trim()
    if (/^[A-Z][A-Z0-9_]+$/.test(heading)) out.push([heading, end < 0 ? '' : part.slice(end).trim()])
  }
  return out
}
