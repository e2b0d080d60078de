// Safetensors files: whatever the bytes, tensors that lie within them or std::invalid_argument.
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "omma/io/tensor_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const omma::TensorFile file = omma::parse_safetensors({data, size}, "fuzz");
    for (const omma::TensorView& tensor : file.tensors()) {
      const bool inside = tensor.bytes.empty() || (tensor.bytes.data() >= data && tensor.bytes.size() <= size &&
                                                   tensor.bytes.data() + tensor.bytes.size() <= data + size);
      const auto count = omma::element_count(tensor.shape);
      if (!inside || !count || static_cast<std::size_t>(*count) * omma::bytes_of(tensor.dtype) != tensor.bytes.size())
        __builtin_trap();
    }
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
