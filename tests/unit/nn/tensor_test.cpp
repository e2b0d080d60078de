#include "omma/nn/tensor.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(Tensor, ShapeForMessages) {
  EXPECT_EQ(shape(torch::zeros({2, 3})), "[2, 3]");
  EXPECT_EQ(shape(torch::zeros({})), "[]");
  EXPECT_EQ(shape(Tensor()), "undefined");
}

TEST(Tensor, ViewsAndBack) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat16, torch::kBFloat16, torch::kInt64}) {
    const Tensor tensor = torch::arange(6).view({2, 3}).to(dtype);
    const TensorView view = view_of(tensor, "x");
    EXPECT_EQ(view.shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_TRUE(torch::equal(to_tensor(view), tensor));
  }
}

TEST(Tensor, ViewsNeedWholeMemory) {
  EXPECT_EQ(testing::invalid_argument_of([] { view_of(torch::zeros({2, 3}).t(), "x"); }),
            "tensor x: expected contiguous on the CPU");
}

TEST(Tensor, NamesOfTypes) {
  EXPECT_EQ(dtype_of("bfloat16"), torch::kBFloat16);
  EXPECT_EQ(dtype_name(torch::kFloat32), "float32");
  EXPECT_NE(testing::invalid_argument_of([] { dtype_of("int8"); }), "");
  EXPECT_NE(testing::invalid_argument_of([] { dtype_of("float8_e4m3fn"); }), "");
}

TEST(Tensor, PicturesArePlanesNormalised) {
  Image image(2, 1);
  image.data = {0, 51, 255, 255, 0, 0};
  const Tensor planes = to_tensor(image, {.mean = {0.F, 0.2F, 0.5F}, .std = {1.F, 0.5F, 0.25F}});
  const Tensor expected = torch::tensor({0.F, 1.F, 0.F, -0.4F, 2.F, -2.F}).view({3, 1, 2});
  EXPECT_TRUE(torch::allclose(planes, expected, 1e-6, 1e-6)) << planes;
  EXPECT_NE(testing::invalid_argument_of([] { to_tensor(Image()); }), "");
}

}  // namespace
}  // namespace omma
