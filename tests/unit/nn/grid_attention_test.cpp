#include "omma/nn/grid_attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "omma/nn/kernels/isa.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

struct Case {
  int64_t batch, heads, height, width, channels;
  bool positions;
};

struct Inputs {
  Tensor q, k, v;
  RelativePositions positions;
};

Inputs inputs_of(const Case& shape) {
  torch::manual_seed(3);
  const auto random = [&] { return torch::randn({shape.batch, shape.heads, shape.height * shape.width, shape.channels}); };
  Inputs inputs{.q = random(), .k = random(), .v = random(), .positions = {}};
  if (shape.positions)
    inputs.positions = {.rows = torch::randn({2 * shape.height - 1, shape.channels}),
                        .columns = torch::randn({2 * shape.width - 1, shape.channels})};
  return inputs;
}

// Pair by pair, as it is defined.
Tensor by_definition(const Inputs& inputs, const Case& shape) {
  Tensor scores = torch::matmul(inputs.q, inputs.k.transpose(2, 3)) / std::sqrt(static_cast<double>(shape.channels));
  for (int64_t a = 0; shape.positions && a < shape.height * shape.width; ++a)
    for (int64_t b = 0; b < shape.height * shape.width; ++b) {
      const int64_t dy = a / shape.width - b / shape.width + shape.height - 1,
                    dx = a % shape.width - b % shape.width + shape.width - 1;
      const Tensor added = (inputs.q.select(2, a) * (inputs.positions.rows[dy] + inputs.positions.columns[dx])).sum(-1);
      scores.select(2, a).select(2, b).add_(added);
    }
  return torch::matmul(torch::softmax(scores, -1), inputs.v);
}

constexpr Case cases[] = {{1, 2, 3, 4, 8, true}, {3, 2, 5, 2, 4, true}, {2, 1, 1, 7, 6, true}, {2, 3, 4, 4, 8, false}};

TEST(GridAttention, IsWhatTheDefinitionSaysWithAndWithoutGradients) {
  for (const Case& shape : cases) {
    const Inputs inputs = inputs_of(shape);
    const Tensor expected = by_definition(inputs, shape);
    const auto run = [&] {
      return grid_attention(inputs.q, inputs.k, inputs.v, {.height = shape.height, .width = shape.width}, inputs.positions);
    };
    EXPECT_LT((run() - expected).abs().max().item<float>(), 1e-5F);
    const torch::NoGradGuard no_grad;
    EXPECT_LT((run() - expected).abs().max().item<float>(), 1e-5F);
  }
}

// Large enough that a head's queries, and many small grids, go in several pieces.
TEST(GridAttention, PiecesAreTheWhole) {
  for (const Case& shape : {Case{1, 2, 30, 33, 16, true}, Case{120, 2, 8, 8, 8, true}}) {
    const Inputs inputs = inputs_of(shape);
    const GridSize grid{.height = shape.height, .width = shape.width};
    const Tensor whole = grid_attention(inputs.q, inputs.k, inputs.v, grid, inputs.positions);
    const c10::InferenceMode inference;
    const Tensor pieces = grid_attention(inputs.q, inputs.k, inputs.v, grid, inputs.positions);
    EXPECT_LT((whole - pieces).abs().max().item<float>(), 1e-5F);
  }
}

// The kernel, where this processor has it, else LibTorch's operators, which round in between: grids narrower and wider than its
// vectors, heads that are views of one projection.
TEST(GridAttention, IsTheSameInBfloat16ButForRounding) {
  for (const Case& shape : {Case{2, 3, 5, 7, 16, true}, Case{1, 2, 14, 14, 64, true}, Case{1, 2, 9, 40, 32, true}}) {
    Inputs inputs = inputs_of(shape);
    const auto rounded = [](const Tensor& x) { return x.to(torch::kBFloat16); };
    const auto as_view = [&](const Tensor& x) { return rounded(x).transpose(1, 2).contiguous().transpose(1, 2); };
    for (Tensor* each : {&inputs.q, &inputs.k, &inputs.v}) *each = as_view(*each);
    inputs.positions = {.rows = rounded(0.3 * inputs.positions.rows), .columns = rounded(0.3 * inputs.positions.columns)};
    const Inputs exact{
        .q = inputs.q.to(torch::kFloat32),
        .k = inputs.k.to(torch::kFloat32),
        .v = inputs.v.to(torch::kFloat32),
        .positions = {.rows = inputs.positions.rows.to(torch::kFloat32), .columns = inputs.positions.columns.to(torch::kFloat32)}};
    const c10::InferenceMode inference;
    const GridSize grid{.height = shape.height, .width = shape.width};
    const Tensor found = grid_attention(inputs.q, inputs.k, inputs.v, grid, inputs.positions).to(torch::kFloat32);
    EXPECT_LT((found - by_definition(exact, shape)).abs().max().item<float>(), has_avx512_bf16() ? 0.04F : 0.1F);
  }
}

TEST(GridAttention, RejectsPositionsOfAnotherGrid) {
  const Inputs inputs = inputs_of({1, 1, 3, 3, 4, true});
  const auto message = testing::invalid_argument_of([&] {
    grid_attention(inputs.q, inputs.k, inputs.v, {.height = 3, .width = 3},
                   {.rows = inputs.positions.rows, .columns = torch::zeros({7, 4})});
  });
  EXPECT_EQ(message, "relative positions: columns: expected [5, 4], got [7, 4]");
  EXPECT_THROW(grid_attention(inputs.q, inputs.k, inputs.v, {.height = 3, .width = 4}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
