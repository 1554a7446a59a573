import { createRequire } from 'node:module'
import { endianness } from 'node:os'

/**
 * The few calls into libc that the listeners need. Each gives the result, or the negative errno. None blocks but `poll`, which
 * takes its time-out; sockets are non-blocking from birth.
 */
export interface Libc {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, name: Uint8Array): number
  connect(fd: number, name: Uint8Array): number
  setOption(fd: number, level: number, option: number, value: number): number
  /** Fills `out`; gives the bytes filled. */
  getOption(fd: number, level: number, option: number, out: Uint32Array): number
  getName(fd: number, out: Uint8Array): number
  /** `headers`: mmsghdr structures; what they point to must be held by the caller. */
  receive(fd: number, headers: ArrayBuffer, count: number, flags: number): number
  /** `entry`: one struct pollfd. */
  poll(entry: Int32Array, timeoutMs: number): number
  close(fd: number): number
  /** Sets the calling thread's nice value; below 0 needs root or CAP_SYS_NICE. */
  nice(value: number): number
  interfaceName(index: number): string
  /** The address of a buffer's first byte; it is good as long as the buffer is held. */
  address(buffer: ArrayBuffer): bigint
}

/** Linux numbers; the same on every 64-bit machine that Node runs on. */
export const AF = { unix: 1, inet: 2, inet6: 10 } as const
export const SOCK = { stream: 1, dgram: 2, nonblock: 0o4000, cloexec: 0o2000000 } as const
export const SOL = { socket: 1, ipv6: 41 } as const
export const SO = { rcvbuf: 8, rcvtimeo: 20, rcvbufforce: 33, timestampns: 35, meminfo: 55, v6only: 26 } as const
export const MSG = { dontwait: 0x40, trunc: 0x20 } as const
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  ENOTDIR: 20,
  EINVAL: 22,
  EROFS: 30,
  ENAMETOOLONG: 36,
  EADDRINUSE: 98,
  EAFNOSUPPORT: 97,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
} as const

/**
 * Loads the calls, or gives undefined where that cannot work: not Linux, not a 64-bit little-endian machine (the structures
 * are laid out for it), or koffi is not there. The fallback is node:dgram.
 */
export function loadLibc(): Libc | undefined {
  if (process.platform !== 'linux' || endianness() !== 'LE') return undefined
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) return undefined
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    return wrap(koffi)
  } catch {
    return undefined
  }
}

function wrap(koffi: typeof import('koffi')): Libc {
  const lib = koffi.load(null)
  const socket = lib.func('int socket(int, int, int)')
  const bind = lib.func('int bind(int, void *, uint32_t)')
  const connect = lib.func('int connect(int, void *, uint32_t)')
  const setsockopt = lib.func('int setsockopt(int, int, int, void *, uint32_t)')
  const getsockopt = lib.func('int getsockopt(int, int, int, void *, void *)')
  const getsockname = lib.func('int getsockname(int, void *, void *)')
  const recvmmsg = lib.func('int recvmmsg(int, void *, uint32_t, int, void *)')
  const poll = lib.func('int poll(void *, unsigned long, int)')
  const close = lib.func('int close(int)')
  const setpriority = lib.func('int setpriority(int, uint32_t, int)')
  const ifIndexToName = lib.func('void *if_indextoname(uint32_t, void *)')
  const result = (value: number) => (value < 0 ? -koffi.errno() : value)
  const length = new Uint32Array(1)
  return {
    socket: (family, type, protocol) => result(socket(family, type, protocol)),
    bind: (fd, name) => result(bind(fd, name, name.length)),
    connect: (fd, name) => result(connect(fd, name, name.length)),
    setOption: (fd, level, option, value) => result(setsockopt(fd, level, option, new Int32Array([value]), 4)),
    getOption(fd, level, option, out) {
      length[0] = out.byteLength
      const got = result(getsockopt(fd, level, option, out, length))
      return got < 0 ? got : length[0]
    },
    getName(fd, out) {
      length[0] = out.length
      const got = result(getsockname(fd, out, length))
      return got < 0 ? got : length[0]
    },
    receive: (fd, headers, count, flags) => result(recvmmsg(fd, headers, count, flags, null)),
    poll: (entry, timeoutMs) => result(poll(entry, 1, Math.max(0, Math.ceil(timeoutMs)))),
    close: (fd) => result(close(fd)),
    // PRIO_PROCESS and 0: on Linux this is the thread that calls.
    nice: (value) => result(setpriority(0, 0, value)),
    interfaceName(index) {
      const name = new Uint8Array(16)
      return ifIndexToName(index, name) === null ? String(index) : Buffer.from(name.subarray(0, name.indexOf(0))).toString()
    },
    address: (buffer) => koffi.address(buffer),
  }
}
