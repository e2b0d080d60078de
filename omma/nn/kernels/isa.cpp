#include "omma/nn/kernels/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace omma {
namespace {

// Tile registers are large: Linux gives them to processes that ask.
bool is_given_tiles() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long ask = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, ask, tile_data) == 0;
#else
  return false;
#endif
}

bool find_amx_bf16() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned tile_and_bf16 = 1U << 24 | 1U << 22;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & tile_and_bf16) == tile_and_bf16  // not every compiler's builtin knows it
         && has_avx512_bf16() && is_given_tiles();
#else
  return false;
#endif
}

}  // namespace

bool supports(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#endif
  return isa == Isa::portable;
}

Isa best_isa() {
  static const Isa best = supports(Isa::avx512) ? Isa::avx512 : supports(Isa::avx2) ? Isa::avx2 : Isa::portable;
  return best;
}

bool has_avx512_bf16() {
#if defined(__x86_64__)
  return supports(Isa::avx512) && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool has_amx_bf16() {
  static const bool found = find_amx_bf16();
  return found;
}

bool has_bf16_products() { return has_avx512_bf16() || has_amx_bf16(); }

bool has_int8_products() {
#if defined(__x86_64__)
  return supports(Isa::avx512) && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

bool is_intel() {
#if defined(__x86_64__)
  return __builtin_cpu_is("intel");
#else
  return false;
#endif
}

}  // namespace omma
