// Good files with bytes changed, removed or cut: each is read or refused, and what is read lies within the file. The sanitizers
// and this test's reads of every byte see to it that nothing else happens.
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

#include "omma/base/rng.h"
#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/gguf_bytes.h"

namespace omma {
namespace {
using testing::pickle_of, testing::pickled, testing::pickled_dict, testing::pickled_global, testing::pickled_tuple,
    testing::PickledTensor;
using Parse = TensorFile (*)(std::span<const std::uint8_t>, std::string_view, std::shared_ptr<const void>);

struct Counts {
  int read = 0, refused = 0;
};

void try_to_read(Parse parse, const std::string& bytes, Counts& counts) {
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());  // on the heap: the address sanitizer guards both ends
  try {
    unsigned sum = 0;
    const TensorFile file = parse(exact, "x", nullptr);
    for (const TensorView& tensor : file.tensors())
      for (const std::uint8_t byte : tensor.bytes) sum += byte;
    ++counts.read;
    [[maybe_unused]] volatile unsigned keep = sum;
  } catch (const std::invalid_argument& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("x")) << error.what();
    ++counts.refused;
  }
}

Counts mutate(Parse parse, const std::string& good) {
  Counts counts;
  try_to_read(parse, good, counts);
  EXPECT_EQ(counts.read, 1);
  for (std::size_t at = 0; at < good.size(); ++at) {
    try_to_read(parse, good.substr(0, at), counts);
    for (const int change : {1, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      try_to_read(parse, bad, counts);
    }
    std::string shorter = good;
    shorter.erase(at, 1);
    try_to_read(parse, shorter, counts);
  }
  Rng rng(7);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (int changes = rng.between(1, 8); changes > 0; --changes)
      bad[rng.below(static_cast<std::uint32_t>(bad.size()))] = static_cast<char>(rng.below(256));
    try_to_read(parse, bad, counts);
  }
  return counts;
}

std::string nested_pickle() {
  const std::string view = PickledTensor{.offset = pickled(1), .size = pickled_tuple({3}), .stride = pickled_tuple({1})}.text();
  const std::string transposed = PickledTensor{.stride = pickled_tuple({1, 2})}.text();
  const std::string space = pickled_global("argparse", "Namespace") + ")\x81" + pickled_dict("lr", "K\x01") + "b";
  return pickle_of("}(" + pickled("model") + pickled_global("collections", "OrderedDict") + ")R(" + pickled("a") +
                   PickledTensor{}.text() + pickled("b") + view + "u" + pickled("list") + "](" + transposed + "\x88" + "e" +
                   pickled("args") + space + "u");
}

TEST(CheckpointMutations, Safetensors) {
  const Counts counts =
      mutate(parse_safetensors,
             testing::safetensors_bytes(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
                                        R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}  )",
                                        "0123456789a"));
  EXPECT_GT(counts.refused, 1000);
}

// Its tensors and the texts of its metadata, as tensors of bytes.
TensorFile parse_gguf_bytes(std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void>) {
  const GgufFile file = parse_gguf(bytes, name);
  std::vector<TensorView> views;
  for (const GgufTensor& tensor : file.tensors()) views.push_back({tensor.name, DType::u8, {}, tensor.bytes});
  if (file.metadata().has("texts"))
    for (const std::string_view text : file.metadata().texts("texts"))
      views.push_back({fmt::format("#{}", views.size()), DType::u8, {}, testing::bytes_of_text(text)});
  return TensorFile(std::move(views), {}, {});
}

TEST(CheckpointMutations, Gguf) {
  using testing::gguf_array, testing::gguf_key, testing::gguf_tensor, testing::gguf_text;
  const Counts counts = mutate(
      parse_gguf_bytes,
      testing::gguf_bytes({.keys = {gguf_key("general.alignment", 16), gguf_key("flag", GgufValueType::boolean, "\1"),
                                    gguf_array("texts", GgufValueType::text, 2, gguf_text("one") + gguf_text("two")),
                                    gguf_array("ids", GgufValueType::i32, 2, testing::number(1) + testing::number(-1))},
                           .tensors = {gguf_tensor("a", {32, 2}, GgufType::q4_0, 0), gguf_tensor("b", {3}, GgufType::f32, 48)},
                           .data = std::string(60, 'x'),
                           .alignment = 16}));
  EXPECT_GT(counts.refused, 2000);
}

TEST(CheckpointMutations, TorchZip) {
  const Counts counts = mutate(parse_torch_archive, testing::torch_zip(nested_pickle()));
  EXPECT_GT(counts.refused, 3000);
}

TEST(CheckpointMutations, TorchSequential) {
  const Counts counts = mutate(parse_torch_archive, testing::torch_sequential(nested_pickle()));
  EXPECT_GT(counts.refused, 2000);
}

// The checksum would stop a changed pickle: wrap each in a sound archive.
TEST(CheckpointMutations, PicklesInSoundArchives) {
  const Parse parse = [](std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void>) {
    const auto archive = std::make_shared<const std::string>(testing::torch_zip(std::string(bytes.begin(), bytes.end())));
    return parse_torch_archive(testing::bytes_of_text(*archive), name, archive);
  };
  const Counts counts = mutate(parse, nested_pickle());
  EXPECT_GT(counts.refused, 2000);
}

}  // namespace
}  // namespace omma
