// Starts a listener from a process of its own, as another user if need be, and prints the code of the error.
import { startListener } from '../listener.ts'
import { testRing } from './collect.ts'

const [type, at] = process.argv.slice(2) as ['udp' | 'unix-datagram', string]
const limits = { message: 1000, memory: 1 << 20 }
const where = type === 'udp' ? { address: at } : { path: at }
try {
  const listener = await startListener({ type, ...where, ring: testRing(), limits, warm: false })
  await listener.stop()
  console.log('listening')
} catch (error) {
  console.log((error as { code: string }).code)
}
