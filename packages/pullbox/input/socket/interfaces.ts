import { readFileSync } from 'node:fs'

/** The kernel's number of a network interface by its name or number; 0 for '' or one that is not there. */
export function interfaceIndex(zone: string): number {
  if (zone === '') return 0
  if (/^\d{1,9}$/.test(zone)) return Number(zone)
  if (zone.includes('/') || zone.startsWith('.')) return 0
  try {
    return Number(readFileSync(`/sys/class/net/${zone}/ifindex`, 'latin1')) || 0
  } catch {
    return 0
  }
}
