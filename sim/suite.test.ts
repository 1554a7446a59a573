import { openSegments } from '@pullbox/store/records'
import { testRecordsStore } from '@pullbox/store/records/suite'

import { NO_FAULTS, SimDisk } from './disk.ts'
import { Random } from './random.ts'

// The conformance suite on the simulated disk, which can also run full and takes writes in pieces.
let disk = new SimDisk(new Random(1))

testRecordsStore({
  name: 'segments on a disk that takes writes in pieces',
  open: (options) => {
    disk = new SimDisk(new Random(7), { ...NO_FAULTS, shortWrite: 0.3 })
    return openSegments({ ...options, path: '/store', disk })
  },
  reopen: (options) => openSegments({ ...options, path: '/store', disk }),
  fill: () => {
    disk.faults = { ...disk.faults, capacity: 1000 + disk.used() }
    return () => {
      disk.faults = { ...disk.faults, capacity: Number.POSITIVE_INFINITY }
    }
  },
})
