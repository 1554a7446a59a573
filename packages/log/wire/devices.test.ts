import assert from 'node:assert/strict'
import { describe as suite, test } from 'node:test'

import { describe, Header, parseHeader, zone } from '@pullbox/log/wire'

/** What is expected of a message: time of day (UTC, or with date), host, app, pid, tag, sequence, start of the message. */
interface Expected {
  time?: string
  host?: string
  app?: string
  pid?: string
  tag?: string
  seq?: number
  msg?: string
  problem?: string
  flag?: string
}

const RECEIVED = Date.UTC(2026, 10, 23, 10, 11, 12) * 1000

function read(text: string): Expected {
  const bytes = Buffer.from(text)
  const h = new Header()
  parseHeader(bytes, 0, bytes.length, { received: RECEIVED, zone: zone('UTC') }, h)
  const told = describe(bytes, h)
  const iso = Number.isNaN(h.time) ? '' : new Date(h.time / 1000).toISOString()
  return {
    time: iso.replace('2026-11-23T', '').replace('.000Z', '').replace('Z', ''),
    host: told.hostname ?? '',
    app: told.app_name ?? '',
    pid: told.proc_id ?? '',
    tag: told.tag ?? '',
    seq: told.sequence ?? -1,
    msg: told.message ?? '',
    problem: told.parse.problem ?? '',
    flag: told.parse.flags.filter((f) => f === 'clockUnsure' || f === 'ambiguous').join(),
  }
}

/** Every field is looked at: one that is not named must be empty, but for the time, which is 10:11:12 if nothing else is said. */
function all(cases: readonly (readonly [text: string, expected: Expected])[]): void {
  for (const [text, expected] of cases) {
    const empty = { host: '', app: '', pid: '', tag: '', seq: -1, problem: '', flag: '', time: '10:11:12', msg: 'x' }
    assert.deepEqual(read(text), { ...read(text), ...empty, ...expected }, text)
  }
}

suite('devices: siblings of the vectors, written from what is known of each format', () => {
  test('Cisco IOS, IOS-XE: sequence, origin, marks, uptime', () => {
    all([
      ['<189>*Nov 23 10:11:12: %SYS-5-CONFIG_I: x', { tag: 'SYS-5-CONFIG_I', flag: 'clockUnsure' }],
      ['<189>29: .Nov 23 10:11:12.123: %SYS-5-CONFIG_I: x', { tag: 'SYS-5-CONFIG_I', seq: 29, flag: 'clockUnsure', time: '10:11:12.123' }],
      ['<189>sw1: 000123: Nov 23 10:11:12: %SYS-5-CONFIG_I: x', { host: 'sw1', tag: 'SYS-5-CONFIG_I', seq: 123 }],
      ['<189>4321: sw1: 004322: Nov 23 2026 10:11:12 UTC: %SYS-5-X: x', { host: 'sw1', tag: 'SYS-5-X', seq: 4321 }],
      ['<189>123: 2001:DB8::1: Nov 23 10:11:12: %SYS-5-X: x', { host: '2001:DB8::1', tag: 'SYS-5-X', seq: 123 }],
      ['<189>123: 10.1.2.3: Nov 23 11:11:12 CET: %SEC-6-IPACCESSLOGP: x', { host: '10.1.2.3', tag: 'SEC-6-IPACCESSLOGP', seq: 123 }],
      ['<189>7: 1y2w: %SYS-5-X: x', { tag: 'SYS-5-X', seq: 7, time: '', problem: 'time_missing' }],
      ['<189>7: sw1: 3d04h: %SYS-5-X: x', { host: 'sw1', tag: 'SYS-5-X', seq: 7, time: '', problem: 'time_missing' }],
      ['<189>Nov 23 10:11:12 10.1.1.2 %AAA-I-CONNECT: x', { host: '10.1.1.2', tag: 'AAA-I-CONNECT' }],
      ['<189>%LINK-W-Down:  gi4', { tag: 'LINK-W-Down', time: '', problem: 'time_missing', msg: ' gi4' }],
    ])
  })

  test('Cisco behind a relay: the stamp and the host of the inner header hold', () => {
    all([
      ['<187>Nov 23 10:11:15 sw1 4321: Nov 23 05:11:12 EST: %LINK-3-UPDOWN: x', { host: 'sw1', tag: 'LINK-3-UPDOWN', seq: 4321 }],
      [
        '<187>Nov 23 10:11:15 10.1.1.1 4321: sw1: 004322: *Nov 23 10:11:12: %LINK-3-UPDOWN: x',
        { host: 'sw1', tag: 'LINK-3-UPDOWN', seq: 4321, flag: 'clockUnsure' },
      ],
      ['<187>Nov 23 10:11:15 10.1.1.1 sw1: 004322: Nov 23 10:11:12: %L-3-U: x', { host: 'sw1', tag: 'L-3-U', seq: 4322 }],
      ['<187>Nov 23 10:11:15 sw1 : 2026 Nov 23 10:11:12 UTC: %ETHPORT-5-IF_UP: x', { host: 'sw1', tag: 'ETHPORT-5-IF_UP' }],
      ['<187>2026 Nov 23 10:11:15 n9k: 2026 Nov 23 10:11:12 UTC: %ETHPORT-5-IF_UP: x', { host: 'n9k', tag: 'ETHPORT-5-IF_UP' }],
      ['<187>2026-11-23T10:11:15Z 2001:db8::1 3456: Nov 23 10:11:12: %SYS-6-X: x', { host: '2001:db8::1', tag: 'SYS-6-X', seq: 3456 }],
      // The device knows no time: that of the relay holds.
      ['<187>Nov 23 10:11:12 sw1 4321: 1w2d: %LINK-3-UPDOWN: x', { host: 'sw1', tag: 'LINK-3-UPDOWN', seq: 4321 }],
      ['<187>Nov 23 10:11:12 sw1 4321: %LINK-3-UPDOWN: x', { host: 'sw1', tag: 'LINK-3-UPDOWN', seq: 4321 }],
      [
        '<189>Nov 23 10:11:15 xr1 3456: RP/0/RSP0/CPU0:Nov 23 10:11:12 UTC: config[1]: %MGBL-CONFIG-6-DB_COMMIT : x',
        { host: 'xr1', app: 'config', pid: '1', tag: 'MGBL-CONFIG-6-DB_COMMIT', seq: 3456 },
      ],
    ])
  })

  test('Cisco NX-OS, XR, ASA, FTD, WLC, UCM', () => {
    all([
      ['<189>2026 Nov 23 10:11:12 n9k %$ VDC-1 %$ %ETHPORT-5-IF_UP: x', { host: 'n9k', tag: 'ETHPORT-5-IF_UP' }],
      ['<189>n7k: 2026 Nov 23 11:11:12 CET: %$ VDC-2 %$ %VPC-2-PEER: x', { host: 'n7k', tag: 'VPC-2-PEER' }],
      ['<189>: 2026 Nov 23 10:11:12 GMT: %UCSM-3-LINK_DOWN: x', { tag: 'UCSM-3-LINK_DOWN' }],
      ['<190>Nov 23 10:11:12 leaf1 %LOG_LOCAL7-6-SYSTEM_MSG x', { host: 'leaf1', tag: 'LOG_LOCAL7-6-SYSTEM_MSG' }],
      [
        '<189>3456: xr1 0/RP0/ADMIN0:Nov 23 10:11:12 UTC: fpd-serv[1]: %INFRA-FPD_Manager-1-ALERT : x',
        { host: 'xr1', app: 'fpd-serv', pid: '1', tag: 'INFRA-FPD_Manager-1-ALERT', seq: 3456 },
      ],
      ['<166>Nov 23 2026 10:11:12: %ASA-6-302013: x', { tag: 'ASA-6-302013' }],
      ['<166>2026-11-23T10:11:12Z fw1 : %ASA-session-6-302013: x', { host: 'fw1', tag: 'ASA-session-6-302013' }],
      ['<166>:Nov 23 2026 11:11:12 CET fw1 : %FTD-1-430002: x', { host: 'fw1', tag: 'FTD-1-430002' }],
      ['<166>fw1 : %ASA-6-302013: x', { host: 'fw1', tag: 'ASA-6-302013', time: '', problem: 'time_missing' }],
      [
        '<131>wlc1: *Dot1x_Task_0: Nov 23 10:11:12: #DOT1X-3-ABORT_AUTH: x',
        { host: 'wlc1', app: 'Dot1x_Task_0', tag: 'DOT1X-3-ABORT_AUTH' },
      ],
      [
        '<189>8: Nov 23 2026 10:11:12 AM UTC : %UC_RTMT-2-Alert: %[Name=A][Node ID=cm1]: x',
        { host: 'cm1', tag: 'UC_RTMT-2-Alert', seq: 8, msg: '%[Name=A][Node ID=cm1]: x' },
      ],
    ])
  })

  test('Arista: the number before the mnemonic, year and zone in any place', () => {
    all([
      ['<166>Nov 23 10:11:12 sw1 Ebra: 432: %LINEPROTO-5-UPDOWN: x', { host: 'sw1', app: 'Ebra', tag: 'LINEPROTO-5-UPDOWN', seq: 432 }],
      ['<166>2026-11-23T11:11:12+01:00 sw1 Ebra: 9: %L-5-U: x', { host: 'sw1', app: 'Ebra', tag: 'L-5-U', seq: 9 }],
      ['<166>Nov 23 10:11:12 UTC 2026 sw1 Stp: %S-6-C: x', { host: 'sw1', app: 'Stp', tag: 'S-6-C' }],
      ['<166>Nov 23 10:11:12 2026 sw1 Stp[12]: %S-6-C: x', { host: 'sw1', app: 'Stp', pid: '12', tag: 'S-6-C' }],
      ['<166>Nov 23 10:11:12 sw1 Stp: 12: no mnemonic', { host: 'sw1', app: 'Stp', msg: '12: no mnemonic' }],
    ])
  })

  test('Juniper: events stay in the message, cards and routing engines are no hosts', () => {
    const ev = (tag: string, rest = 'x'): Expected => ({ tag, msg: `${tag}: ${rest}` })
    all([
      ['<28>Nov 23 10:11:12  mx1 rpd[2902]: RPD_OSPF_NBRUP: x', { host: 'mx1', app: 'rpd', pid: '2902', ...ev('RPD_OSPF_NBRUP') }],
      ['<14>Nov 23 10:11:12 srx1 RT_IDS: RT_SCREEN_TCP: x', { host: 'srx1', app: 'RT_IDS', ...ev('RT_SCREEN_TCP') }],
      ['<14>Nov 23 10:11:12 mx1 sshd[9]: SSHD_LOGIN_FAILED: x', { host: 'mx1', app: 'sshd', pid: '9', ...ev('SSHD_LOGIN_FAILED') }],
      ['<14>Nov 23 10:11:12 re1.mx1 mgd[9]: UI_COMMIT: x', { host: 'mx1', app: 'mgd', pid: '9', ...ev('UI_COMMIT') }],
      ['<14>Nov 23 10:11:12 re0-mx1.a.net mgd[9]: x', { host: 'mx1.a.net', app: 'mgd', pid: '9' }],
      ['<7>Nov 23 10:11:12 ex1 /kernel: KERN_ARP_ADDR_CHANGE: x', { host: 'ex1', app: 'kernel', ...ev('KERN_ARP_ADDR_CHANGE') }],
      ['<7>Nov 23 10:11:12 ex1 kernel: rt_pfe_veto: x', { host: 'ex1', app: 'kernel', ...ev('rt_pfe_veto') }],
      ['<7>Nov 23 10:11:12 mx1 rpd[1]: bgp_recv:88: x', { host: 'mx1', app: 'rpd', pid: '1', tag: 'bgp_recv', msg: 'bgp_recv:88: x' }],
      ['<7>Nov 23 10:11:12 mx1-re0 fpc0 PFE_FW_SYSLOG_IP: x', { host: 'mx1-re0', app: 'PFE_FW_SYSLOG_IP' }],
      ['<7>Nov 23 10:11:12 srx node0.fpc1 Foo: x', { host: 'srx', app: 'Foo' }],
      ['<7>Nov 23 10:11:12 mx1 fpc3 x', { host: 'mx1', app: 'fpc3' }],
      ['<28>Nov 23 10:11:12 mx1 (FPC Slot 1, PIC Slot 0) RT_FLOW: RT_FLOW_X: x', { host: 'mx1', app: 'RT_FLOW', ...ev('RT_FLOW_X') }],
      [
        '<28>Nov 23 10:11:12 mx1 rpd[1]: %DAEMON-4-RPD_ISIS_ADJDOWN: x',
        { host: 'mx1', app: 'rpd', pid: '1', tag: 'DAEMON-4-RPD_ISIS_ADJDOWN' },
      ],
      ['<28>Nov 23 10:11:12 mx1 rpd[1]: %DAEMON-4: x', { host: 'mx1', app: 'rpd', pid: '1', tag: 'DAEMON-4' }],
      ['<28>Nov 23 10:11:12 mx1 alarmd[1]: Alarm cleared: x', { host: 'mx1', app: 'alarmd', pid: '1', ...ev('Alarm cleared') }],
      // Programs of others: a function's name is a part of their sentence, and so is a word without underscore.
      ['<6>Nov 23 10:11:12 h sshd[1]: ssh_dispatch_run_fatal: x', { host: 'h', app: 'sshd', pid: '1', msg: 'ssh_dispatch_run_fatal: x' }],
      ['<6>Nov 23 10:11:12 h foo: Alarm set: x', { host: 'h', app: 'foo', msg: 'Alarm set: x' }],
      ['<6>Nov 23 10:11:12 h postfix/smtpd[1]: NOQUEUE: x', { host: 'h', app: 'postfix/smtpd', pid: '1', msg: 'NOQUEUE: x' }],
      ['<6>Nov 23 10:11:12 re1000.a.net foo: x', { host: 're1000.a.net', app: 'foo' }],
      ['<6>Nov 23 10:11:12 re0 foo: x', { host: 're0', app: 'foo' }],
    ])
  })

  test('Huawei, H3C, HPE Comware', () => {
    all([
      ['<190>Nov 23 2026 11:11:12+01:00 sw1 %%01SHELL/5/CMDRECORD(s)[34]:x', { host: 'sw1', tag: '01SHELL/5/CMDRECORD', seq: 34 }],
      ['<190>Nov 23 2026 11:11:12+01:00 DST sw1 %%01SHELL/5/CMD(s)[34]:x', { host: 'sw1', tag: '01SHELL/5/CMD', seq: 34 }],
      ['<190>Nov 23 10:11:12:123 2026 H3C IFNET/3/PHY_UPDOWN: x', { host: 'H3C', tag: 'IFNET/3/PHY_UPDOWN', time: '10:11:12.123' }],
      ['<190>%Nov 23 10:11:12:123 2026 H3C SHELL/5/SHELL_LOGIN: x', { host: 'H3C', tag: 'SHELL/5/SHELL_LOGIN', time: '10:11:12.123' }],
      ['<190>Nov 23 10:11:12 h a/5/b: x', { host: 'h', app: 'a/5/b' }],
    ])
  })

  test('firewalls that send pairs or lists', () => {
    const own = (text: string, expected: Expected): [string, Expected] => [
      text,
      { ...expected, msg: text.replace(/^<\d+>(?:Nov 23 10:11:12 \S+)? */, '') },
    ]
    all([
      own('<189>date=2026-11-23 time=11:11:12 devname="fw 1" devid="F" tz="+0100"', { host: 'fw 1' }),
      own('<189>Nov 23 10:11:12 10.1.1.1 date=2026-11-23 time=11:11:12 devname=fw1 devid=F', { host: 'fw1' }),
      own('<189>date=2026-11-23,time=10:11:12,devname=fw1,device_id=FG100', { host: 'fw1' }),
      own('<189>logver=702 timestamp=1795428672 devname="fw1" vd="root" date=2026-11-23 time=10:11:12', { host: 'fw1' }),
      own('<134>id=firewall sn=0017 time="2026-11-23 10:11:12 UTC" fw=10.1.1.1 pri=6', { host: '10.1.1.1' }),
      own('<30>device="SFW" date=2026-11-23 time=12:11:12 timezone="CEST" device_name="XG430"', {}),
      own('<30>device_name="SFW" timestamp="2026-11-23T11:11:12+0100" device_model="XGS"', {}),
      own('<14>Nov 23 10:11:12 pa1 1,2026/11/23 10:11:12,0011,TRAFFIC,end', { host: 'pa1' }),
      own('<134>Nov 23 10:11:12 usg60 src="1.1.1.1:1" dst="2.2.2.2:2" msg="x"', { host: 'usg60' }),
      ['<14>Nov 23 10:11:12 1,2026/11/23 10:11:12,0011,TRAFFIC', { msg: '1,2026/11/23 10:11:12,0011,TRAFFIC' }],
      ['<134> 11/23/2026:10:11:12 GMT ns1 0-PPE-0 : default TCP', { host: 'ns1', msg: '0-PPE-0 : default TCP' }],
      ['<30>Nov 23 10:11:12 MikroTik firewall,info fwd: in:ether1', { host: 'MikroTik', msg: 'firewall,info fwd: in:ether1' }],
      ['<13>id=5 is no firewall', { time: '', problem: 'time_missing', msg: 'id=5 is no firewall' }],
    ])
  })

  test('servers, relays and storage', () => {
    all([
      ['<37>Nov 23 10:11:12 Message forwarded from aix1: sshd[1]: x', { host: 'aix1', app: 'sshd', pid: '1' }],
      ['<37>Nov 23 10:11:12 relay Message forwarded from aix1: sshd[1]: x', { host: 'aix1', app: 'sshd', pid: '1' }],
      ['<13>Nov 23 10:11:15 relay Nov 23 10:11:12 inner app[1]: x', { host: 'inner', app: 'app', pid: '1' }],
      ['<13>Nov 23 10:11:15 relay 2026-11-23T11:11:12+01:00 inner app[1]: x', { host: 'inner', app: 'app', pid: '1' }],
      ['<13>Nov 23 10:11:12 h h app[1]: x', { host: 'h', app: 'app', pid: '1' }],
      ['<13>Nov 23 10:11:12 h h is down', { host: 'h', msg: 'h is down' }],
      ['<13>Nov 23 10:11:12 h Nov 23 disk: full', { host: 'h', msg: 'Nov 23 disk: full' }],
      ['<13>Nov 23 10:11:12 message repeated 2 times: [ x]', { msg: 'message repeated 2 times: [ x]' }],
      ['<13>Nov 23 10:11:12 h {"a":"b: c"}', { host: 'h', msg: '{"a":"b: c"}' }],
      ['<13>Nov 23 10:11:12 node-01: 00000017.000002f4 0fbd59e2 x', { host: 'node-01', msg: '00000017.000002f4 0fbd59e2 x' }],
      ['<141>Nov 23 10:11:12 ava1: <Code> 22555 <Type> AUDIT', { host: 'ava1', msg: '<Code> 22555 <Type> AUDIT' }],
      [
        '<14>2026-11-23T10:11:12Z esx1 Hostd: info hostd[1] [Originator@6876] x',
        { host: 'esx1', app: 'Hostd', msg: 'info hostd[1] [Originator@6876] x' },
      ],
      [
        '<38>Nov 23 10:11:12 sol1 sshd[12]: [ID 800047 auth.info] x',
        { host: 'sol1', app: 'sshd', pid: '12', msg: '[ID 800047 auth.info] x' },
      ],
    ])
  })

  test('stamps in other orders', () => {
    const plain = { host: 'host', app: 'app' }
    for (const stamp of [
      'Mon Nov 23 11:11:12 CET 2026',
      '23.11.2026 10:11:12',
      '2026.11.23 10:11:12',
      '2026/11/23 10:11:12',
      '23 Nov 10:11:12',
      '23 Nov 2026 10:11:12',
      'Nov 23, 2026 10:11:12',
      'Mon, 23 Nov 2026 10:11:12 GMT',
      'Nov 23 11:11:12 +0100',
      '11/23/2026 10:11:12 AM',
      '2026-11-23 11:11:12 +01:00',
    ]) {
      all([[`<13>${stamp} host app: x`, plain]])
    }
    all([['<13>Nov  3 1:02:03 host app: x', { ...plain, time: '2026-11-03T01:02:03' }]])
  })
})
