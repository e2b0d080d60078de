// GGUF files: whatever the bytes, values and tensors that lie within them or std::invalid_argument; all that is read is looked at,
// and weights are dequantised.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "omma/io/gguf.h"

namespace {

// Getters may refuse a value, never more than that.
template <class Get>
void look_at(Get get) {
  try {
    get();
  } catch (const std::invalid_argument&) {
  }
}

void look_at(const omma::GgufMetadata& metadata, std::string_view key) {
  look_at([&] { metadata.integer(key); });
  look_at([&] { metadata.number(key); });
  look_at([&] { metadata.boolean(key); });
  look_at([&] { metadata.text(key); });
  look_at([&] { metadata.integers(key); });
  look_at([&] { metadata.numbers(key); });
  look_at([&] { metadata.booleans(key); });
  look_at([&] { metadata.texts(key); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const omma::GgufFile file = omma::parse_gguf({data, size}, "fuzz");
    for (const omma::GgufValue& value : file.metadata().values()) look_at(file.metadata(), value.key);
    std::size_t total = 0;
    for (const omma::GgufTensor& tensor : file.tensors()) {
      const bool inside =
          tensor.bytes.empty() || (tensor.bytes.data() >= data && tensor.bytes.data() + tensor.bytes.size() <= data + size);
      if (!inside || tensor.bytes.size() % omma::block_bytes(tensor.type) != 0) __builtin_trap();
      total += tensor.bytes.size();
      std::vector<float> floats(tensor.bytes.size() / omma::block_bytes(tensor.type) * omma::block_elements(tensor.type));
      if (omma::is_weight_type(tensor.type)) omma::dequantize(tensor.type, tensor.bytes, floats);
    }
    if (total > size) __builtin_trap();  // two of them would share bytes
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
