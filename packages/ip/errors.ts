/** The stable codes of this package; each has a heading in `docs/errors/ip.md`. */
export type IpCode =
  | 'IP_BAD_CHARACTER'
  | 'IP_BAD_GROUP'
  | 'IP_BAD_LENGTH'
  | 'IP_BAD_PART'
  | 'IP_BAD_PORT'
  | 'IP_BAD_RANGE'
  | 'IP_BAD_ZONE'
  | 'IP_DOUBLE_COLON'
  | 'IP_EMPTY'
  | 'IP_GROUP_COUNT'
  | 'IP_HOST_BITS'
  | 'IP_LEADING_ZERO'
  | 'IP_LENGTH_MISSING'
  | 'IP_PART_COUNT'
  | 'IP_WRONG_FAMILY'
  | 'IP_ZONE_IN_PREFIX'
  | 'IP_ZONE_ON_V4'

const MEANING: Readonly<Record<IpCode, string>> = {
  IP_BAD_CHARACTER: 'this byte cannot stand in an address',
  IP_BAD_GROUP: 'a group is 1 to 4 hexadecimal digits',
  IP_BAD_LENGTH: 'a prefix length is a decimal number without sign or leading zero, up to 32 (v4) or 128 (v6)',
  IP_BAD_PART: 'a part of a v4 address is a decimal number from 0 to 255',
  IP_BAD_PORT: 'a port is an integer from 0 to 65535',
  IP_BAD_RANGE: 'the range or the bytes given do not fit',
  IP_BAD_ZONE: 'a zone is one or more bytes other than "%", "/", space and controls',
  IP_DOUBLE_COLON: '"::" stands once, for at least one group',
  IP_EMPTY: 'the text is empty',
  IP_GROUP_COUNT: 'a v6 address has 8 groups',
  IP_HOST_BITS: 'bits beyond the prefix length are set',
  IP_LEADING_ZERO: 'a leading zero is read as octal by some and as decimal by others',
  IP_LENGTH_MISSING: 'a prefix needs "/" and a length',
  IP_PART_COUNT: 'a v4 address has 4 parts',
  IP_WRONG_FAMILY: 'the address is of the other family',
  IP_ZONE_IN_PREFIX: 'a prefix has no zone',
  IP_ZONE_ON_V4: 'a v4 address has no zone',
}

/** What every function of this package throws. */
export class IpError extends Error {
  readonly code: IpCode
  /** Offset of the byte that is wrong, from 0; the length of the text when something is missing at its end. */
  readonly at: number

  constructor(code: IpCode, at: number) {
    super(`${MEANING[code]} (at byte ${at})`)
    this.name = 'IpError'
    this.code = code
    this.at = at
  }
}
