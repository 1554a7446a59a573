/**
 * Two hundred sequences that terminals act on, for tests: each is what a sender might put into a message. They are made from
 * the control functions' own names and forms (ECMA-48, xterm's list of control sequences), seven-bit, eight-bit and as UTF-8.
 */
const ESC = '\x1b'
const CSI_FINALS = 'ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstu'.split('')
const OSC_BODIES = [
  '0;title',
  '1;icon',
  '2;title',
  '4;1;rgb:ff/00/00',
  '7;file://host/etc',
  '8;;http://example.invalid/',
  '8;id=1;file:///etc/passwd',
  '9;note',
  '10;?',
  '11;?',
  '12;red',
  '50;font',
  '52;c;cm0gLXJmIC8K',
  '52;c;?',
  '104',
  '133;A',
  '777;notify;a;b',
  '1337;File=name=eA==:AAAA',
]
const DCS_BODIES = ['$qm', '$q"p', '$q r', '+q544e', '+p', '0;1|17/41', '1$r0m', 'q#0;2;0;0;0', 'tmux;\x1b[1m']
const SIMPLE = ['7', '8', 'c', 'D', 'E', 'H', 'M', 'N', 'O', 'Z', '=', '>', '(0', '(B', ')0', '#8', '%G', ' F', 'l', 'm', 'n', 'o']
const MODES = [
  '?1049h',
  '?1049l',
  '?25l',
  '?25h',
  '?2004h',
  '?1000h',
  '?1003h',
  '?5h',
  '?7l',
  '?6h',
  '4h',
  '20h',
  '!p',
  '6n',
  '5n',
  'c',
  '>c',
  '=c',
  '?15n',
  '18t',
  '21t',
  '20t',
  '3;0;0t',
  '2J',
  '3J',
  '38;5;1m',
  '8m',
  '5i',
  '4i',
  '999;999H',
  '1;1r',
]
const C0 = Array.from({ length: 32 }, (_, i) => String.fromCharCode(i))
const C1 = Array.from({ length: 32 }, (_, i) => 0x80 + i)
const BIDI = [
  '\u061c',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
]

const OWN = new RegExp(`${ESC}\\[(?:0|1|2|7|27|3[1-6]|90)m`, 'g')

export const HOSTILE_SEQUENCES: readonly (string | Uint8Array)[] = [
  ...CSI_FINALS.map((f) => `${ESC}[2${f}`),
  ...MODES.map((m) => `${ESC}[${m}`),
  ...OSC_BODIES.flatMap((b) => [`${ESC}]${b}\x07`, `${ESC}]${b}${ESC}\\`, Buffer.from(`\x9d${b}\x9c`, 'latin1'), `\u009d${b}\u009c`]),
  ...DCS_BODIES.flatMap((b) => [`${ESC}P${b}${ESC}\\`, Buffer.from(`\x90${b}\x9c`, 'latin1')]),
  ...SIMPLE.map((s) => `${ESC}${s}`),
  ...['_apc', '^pm', 'Xsos'].map((s) => `${ESC}${s}${ESC}\\`),
  ...C0,
  '\x7f',
  ...C1.map((c) => String.fromCharCode(c)),
  ...C1.map((c) => Uint8Array.of(0x61, c, 0x5b, 0x41)),
  ...BIDI,
  Buffer.from([0xc0, 0x9b, 0x5b, 0x41]),
  Buffer.from([0xe0, 0x80, 0x9b, 0x41]),
  Buffer.from([0xff, 0xfe, 0x1b, 0x5b, 0x41]),
  '\ud800\x1b[A',
  `${ESC}[31m${ESC}[${ESC}[A`,
  `a\rb${ESC}[1A${ESC}[2Kfake line\n`,
]

/**
 * The offsets in an output at which it holds a byte that must not be there: C0 but tab and line feed, DEL, C1 (as UTF-8 or raw), bidi,
 * once our own renditions (`ESC [ digits m`) are taken out. Carriage returns before a line feed are a terminal's own and are
 * taken out where `pty` is set. Where no colour was asked for, `renditions` is false and none is allowed.
 */
export function forbidden(output: Uint8Array, pty = false, renditions = true): number[] {
  let text = Buffer.from(output).toString('latin1')
  if (renditions) text = text.replace(OWN, (m) => ' '.repeat(m.length))
  if (pty) text = text.replaceAll('\r\n', ' \n')
  const found: number[] = []
  // As UTF-8: C1 is c2 80-9f; a byte 80-9f after any other lead byte is part of a letter.
  const utf8 = Buffer.from(text, 'latin1')
  let valid = true
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(utf8)
  } catch {
    valid = false
  }
  for (let i = 0; i < utf8.length; i++) {
    const b = utf8[i]
    if ((b < 0x20 && b !== 9 && b !== 10) || b === 0x7f) found.push(i)
    else if (b === 0xc2 && utf8[i + 1] >= 0x80 && utf8[i + 1] <= 0x9f) found.push(i)
    else if (!valid && b >= 0x80 && b <= 0x9f) found.push(i)
  }
  const bidi = /\u061c|\u200e|\u200f|[\u2028-\u202e]|[\u2066-\u2069]/.exec(utf8.toString())
  if (bidi) found.push(Buffer.byteLength(utf8.toString().slice(0, bidi.index)))
  return found
}
