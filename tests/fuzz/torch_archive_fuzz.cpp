// torch.save files: whatever the bytes, readable tensors or std::invalid_argument. Every input is also read as the pickle of a
// sound archive, which the checksums of a zip file would otherwise keep the fuzzer from.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"

namespace {

void read(std::span<const std::uint8_t> bytes) {
  try {
    unsigned sum = 0;
    const omma::TensorFile file = omma::parse_torch_archive(bytes, "fuzz");
    for (const omma::TensorView& tensor : file.tensors()) {
      const auto count = omma::element_count(tensor.shape);
      if (!count || static_cast<std::size_t>(*count) * omma::bytes_of(tensor.dtype) != tensor.bytes.size()) __builtin_trap();
      for (const std::uint8_t byte : tensor.bytes) sum += byte;
    }
    [[maybe_unused]] volatile unsigned keep = sum;
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read({data, size});
  const std::string archive = omma::testing::torch_zip(std::string_view(reinterpret_cast<const char*>(data), size));
  read(omma::testing::bytes_of_text(archive));
  return 0;
}
