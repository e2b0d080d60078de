#include "omma/nn/own_dtype.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace omma {
namespace {

TEST(OwnDtype, LargeCheckpointsLoadInTheTypeThatTheirConfigNames) {
  const auto own = [](const json& config, std::int64_t rows, const torch::Device& device = torch::kCUDA) {
    return own_dtype(config,
                     TensorFile({{.name = "w", .dtype = DType::bf16, .shape = {rows, 1000}, .bytes = {}},
                                 {.name = "b", .dtype = DType::bf16, .shape = {1000}, .bytes = {}}},
                                {}, {}),
                     device);
  };
  constexpr std::int64_t few = 999'998, billion = 999'999;  // rows of a thousand, beside the other tensor's
  EXPECT_EQ(own({{"dtype", "bfloat16"}}, few), torch::kFloat32);
  EXPECT_EQ(own({{"dtype", "bfloat16"}}, billion), torch::kBFloat16);
  EXPECT_EQ(own({{"torch_dtype", "float16"}}, billion), torch::kFloat16);  // as transformers 4 names it
  EXPECT_EQ(own({{"dtype", "float16"}, {"torch_dtype", "bfloat16"}}, billion), torch::kFloat16);
  EXPECT_EQ(own({{"dtype", "float16"}}, billion, torch::kCPU), torch::kBFloat16);
  EXPECT_EQ(own({{"dtype", "float16"}}, few, torch::kCPU), torch::kFloat32);
  EXPECT_EQ(own(json::object(), billion), torch::kFloat32);
  EXPECT_EQ(own({{"dtype", nullptr}}, billion), torch::kFloat32);
  EXPECT_THROW(own({{"dtype", "int8"}}, billion), std::invalid_argument);
}

}  // namespace
}  // namespace omma
