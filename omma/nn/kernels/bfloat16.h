// The bits of a bfloat16, laid out as at::BFloat16 is: kernels that include no LibTorch read and write it.
#pragma once

#include <stdint.h>

namespace omma {

struct Bfloat16 {
  uint16_t bits;
};

}  // namespace omma
