#include "omma/nn/kernels/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace omma {
namespace {

bool has_avx512_bf16() {
#if defined(__x86_64__)
  return supports(Isa::avx512) && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool has_amx_bf16() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1) != 0;  // not every compiler's builtin knows it
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

bool favours_avx512_bf16() { return has_avx512_bf16() && !has_amx_bf16(); }

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
