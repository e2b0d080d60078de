// GGUF files written by the Python package `gguf` (tools/parity/gguf_files.py): the same keys, the same tensors, and dequantised
// the same bits.
#include "omma/io/gguf.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <set>

#include "omma/base/json.h"
#include "omma/io/tensor_file.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

fs::path folder() {
  const char* parity = std::getenv("OMMA_PARITY_DIR");
  return fs::path(parity != nullptr ? parity : "build/parity") / "gguf_files";
}

json value_of(const GgufMetadata& metadata, const GgufValue& value) {
  const std::string_view key = value.key;
  switch (value.type) {
    case GgufValueType::text:
      return value.is_array ? json(metadata.texts(key)) : json(metadata.text(key));
    case GgufValueType::boolean:
      return value.is_array ? json(metadata.booleans(key)) : json(metadata.boolean(key));
    case GgufValueType::f32:
    case GgufValueType::f64:
      return value.is_array ? json(metadata.numbers(key)) : json(metadata.number(key));
    default:
      return value.is_array ? json(metadata.integers(key)) : json(metadata.integer(key));
  }
}

void expect_same_keys(const GgufMetadata& metadata, const json& expected) {
  EXPECT_EQ(metadata.values().size(), expected.size());
  for (const auto& [key, value] : expected.items()) {
    ASSERT_TRUE(metadata.has(key)) << key;
    EXPECT_EQ(value_of(metadata, *metadata.find(key)), value) << key;
  }
}

// How many of them differ in any bit, the sign of zero included.
std::size_t different_bits(const std::vector<float>& found, const TensorView& expected) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    count += std::memcmp(&found[i], expected.bytes.data() + sizeof(float) * i, sizeof(float)) != 0;
  return count;
}

void expect_same_file(const fs::path& file, const fs::path& beside) {
  const GgufFile found = read_gguf(file);
  const json expected = read_json(beside.string() + ".json");
  const TensorFile floats = read_safetensors(beside.string() + ".safetensors");
  expect_same_keys(found.metadata(), expected["keys"]);
  ASSERT_EQ(found.tensors().size(), expected["tensors"].size());
  std::set<GgufType> types;
  for (const GgufTensor& tensor : found.tensors()) {
    const json& told = expected["tensors"][tensor.name];
    EXPECT_EQ(name_of(tensor.type), told["type"].get<std::string>()) << tensor.name;
    EXPECT_EQ(json(tensor.shape), told["shape"]) << tensor.name;
    const TensorView* view = floats.find(tensor.name);
    ASSERT_NE(view, nullptr) << tensor.name;
    std::vector<float> numbers(view->bytes.size() / sizeof(float));
    dequantize(tensor.type, tensor.bytes, numbers);
    EXPECT_EQ(different_bits(numbers, *view), 0U) << tensor.name << " of " << numbers.size();
    types.insert(tensor.type);
  }
  EXPECT_EQ(types.size(), 14U);
}

TEST(GgufParity, EveryTypeInOneFile) { expect_same_file(folder() / "mixed.gguf", folder() / "mixed"); }

TEST(GgufParity, ManyRowsOfEveryTypeAndAnotherAlignment) { expect_same_file(folder() / "large.gguf", folder() / "large"); }

TEST(GgufParity, Splits) {
  for (const char* file : {"some-00001-of-00007.gguf", "some-00005-of-00007.gguf", "small_first-00001-of-00004.gguf"}) {
    const std::string name = file;
    expect_same_file(folder() / "splits" / name, folder() / "splits" / name.substr(0, name.find('-')));
  }
}

}  // namespace
}  // namespace omma
