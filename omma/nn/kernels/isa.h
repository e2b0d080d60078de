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

// Whether AVX-512's products of bf16 are this processor's fastest: it has AVX-512 BF16, and not AMX, which oneDNN's products use.
bool favours_avx512_bf16();

// Whether Intel made this processor: MKL takes its fastest paths there only.
bool is_intel();

}  // namespace omma
