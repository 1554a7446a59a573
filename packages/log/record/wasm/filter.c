// The block's filters in one pass over the arena; trigrams.ts says what the bits mean and holds the same in JavaScript, with
// which a test compares every bit. Built by tools/wasm.ts; the result is committed as filter.wasm and CI builds it again.
#include <stdint.h>
#include <wasm_simd128.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef u32 unaligned __attribute__((aligned(1)));

static inline int digit(u32 c) { return c - '0' < 10u; }

// Overwrites the arena's copy with its lower case.
__attribute__((export_name("trigrams"))) void trigrams(u8 *p, u32 n, u32 *bits) {
  for (u32 i = 0; i < n; i++) p[i] = p[i] | (u8)((u8)(p[i] - 'A') < 26) << 5;
  // A load of four bytes of which the last is shifted away: no byte waits for the one before. The copy has room for it.
  for (u32 i = 0; i + 2 < n; i++) {
    u32 bit = (*(const unaligned *)(p + i) << 8) * 0x9e3779b1u >> 15;
    bits[bit >> 5] |= 1u << (bit & 31);
  }
}

static void set_address(const u8 *p, u32 start, u32 end, u8 *bits) {
  u32 hash = 0x811c9dc5u;
  for (u32 i = start; i < end; i++) hash = (hash ^ p[i]) * 0x01000193u;
  static const u32 factors[3] = {0x9e3779b1u, 0x85ebca6bu, 0xc2b2ae35u};
  for (int k = 0; k < 3; k++) {
    u32 bit = hash * factors[k] >> 17;
    bits[bit >> 3] |= 1 << (bit & 7);
  }
}

// Every window of four numbers in a run of numbers joined by dots that starts at `at`; gives the end of the run.
static u32 dotted(const u8 *p, u32 at, u32 to, u8 *bits) {
  u32 starts[4] = {at, 0, 0, 0};
  u32 numbers = 1;
  for (;;) {
    while (at < to && digit(p[at])) at++;
    if (numbers == 4) set_address(p, starts[0], at, bits);
    if (at + 1 >= to || p[at] != '.' || !digit(p[at + 1])) return at;
    at++;
    if (numbers == 4) {
      starts[0] = starts[1];
      starts[1] = starts[2];
      starts[2] = starts[3];
    } else numbers++;
    starts[numbers - 1] = at;
  }
}

// Where a dot between two digits stands at or behind `at`, or `n`: sixteen places at a time.
static u32 next_dot(const u8 *p, u32 at, u32 n) {
  const v128_t dot = wasm_i8x16_splat('.'), zero = wasm_i8x16_splat('0'), ten = wasm_i8x16_splat(10);
  for (; at + 17 <= n; at += 16) {
    v128_t here = wasm_i8x16_eq(wasm_v128_load(p + at), dot);
    if (!wasm_v128_any_true(here)) continue;
    v128_t before = wasm_u8x16_lt(wasm_i8x16_sub(wasm_v128_load(p + at - 1), zero), ten);
    v128_t behind = wasm_u8x16_lt(wasm_i8x16_sub(wasm_v128_load(p + at + 1), zero), ten);
    u32 mask = wasm_i8x16_bitmask(wasm_v128_and(here, wasm_v128_and(before, behind)));
    if (mask != 0) return at + (u32)__builtin_ctz(mask);
  }
  for (; at + 1 < n; at++)
    if (p[at] == '.' && digit(p[at - 1]) && digit(p[at + 1])) return at;
  return n;
}

// No number reaches across one of the `many` places in `cuts`; the first is 0, the last the length.
__attribute__((export_name("addresses"))) void addresses(const u8 *p, const u32 *cuts, u32 many, u8 *bits) {
  u32 n = cuts[many - 1], i = 1;
  for (u32 dot = next_dot(p, 1, n); dot < n; dot = next_dot(p, dot, n)) {
    while (cuts[i] <= dot) i++;
    u32 from = cuts[i - 1], to = cuts[i];
    if (dot == from || dot + 1 == to) {
      dot++;
      continue;
    }
    u32 start = dot;
    while (start > from && digit(p[start - 1])) start--;
    // The run ends behind a digit, or at a dot that no digit follows.
    dot = dotted(p, start, to, bits);
  }
}
