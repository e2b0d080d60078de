// What the file that `make smollm2` fetches holds.
#include "tests/smollm2.h"

#include <gtest/gtest.h>

#include <map>

#include "omma/io/gguf.h"

namespace omma {
namespace {

TEST(Smollm2, HoldsBlocksOfFourBitsAndItsTokenizer) {
  const auto path = testing::smollm2_file();
  if (!path) GTEST_SKIP() << testing::kNoSmollm2;
  EXPECT_EQ(std::filesystem::file_size(*path), 98'362'432U);
  const GgufFile file = read_gguf(*path);
  std::map<GgufType, int> tensors;
  std::int64_t parameters = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    ++tensors[tensor.type];
    std::int64_t numbers = 1;
    for (const std::int64_t size : tensor.shape) numbers *= size;
    parameters += numbers;
  }
  EXPECT_EQ(tensors, (std::map<GgufType, int>{{GgufType::q4_1, 210}, {GgufType::q8_0, 1}, {GgufType::f32, 61}}));
  EXPECT_EQ(parameters, 134'515'008);  // as pull/models.json says
  ASSERT_NE(file.find("token_embd.weight"), nullptr);
  EXPECT_EQ(file.find("token_embd.weight")->type, GgufType::q8_0);
  EXPECT_EQ(file.metadata().text("general.architecture"), "llama");
  EXPECT_EQ(file.metadata().text("tokenizer.ggml.pre"), "smollm");
}

}  // namespace
}  // namespace omma
