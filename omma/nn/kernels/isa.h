// Instruction sets that a kernel may be compiled for besides the baseline; chosen once, at run time.
//
// Files compiled with an instruction set's flags include this header and their kernel's only: no LibTorch, no standard library, so
// that no inline function compiled for AVX-512 is linked into the rest of the program.
#pragma once

namespace omma {

enum class Isa {
  portable,  // the compiler's vectors on the baseline of the target (SSE2 on x86-64)
  avx2,      // AVX2 and FMA
  avx512,    // AVX-512 F, BW, DQ, VL
};

// Whether this processor (and the system it runs) can execute code of that level.
bool supports(Isa isa);

// The widest level that this processor supports. Thread-safe.
Isa best_isa();

// Whether it has AVX-512 BF16: products of pairs of bf16.
bool has_avx512_bf16();

// Whether it has AMX: products of tiles of bf16. The first call asks the system for the tile registers. Thread-safe.
bool has_amx_bf16();

// Whether it multiplies bf16 at twice the rate of fp32, as those with AVX-512 BF16 or AMX do.
bool has_bf16_products();

// Whether it has products of 8-bit numbers of which no sum is cut off: AVX-512 VNNI, which those with AMX have, too.
bool has_int8_products();

// Whether Intel made this processor: MKL takes its fastest paths there only.
bool is_intel();

}  // namespace omma
