// The JSON header of a safetensors file (https://github.com/huggingface/safetensors, "Format").
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/tensor_file.h"

namespace omma {

inline constexpr std::uint64_t max_safetensors_header = 100'000'000;  // bytes, inclusive, as the reference has it

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // of the bytes in the data that follows the header
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};

// Parses the header and checks that the tensors cover `data_bytes` exactly once. Streaming: memory is bounded by the header's own
// size, and a header whose tensors overlap is refused once they hold more than the data. Throws std::invalid_argument that begins
// with `where`.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view where, std::uint64_t data_bytes);

}  // namespace omma
