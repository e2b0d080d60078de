#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "omma/io/gguf_blocks.h"
#include "omma/nn/kernels/kernels_for.h"

namespace omma {
namespace {

struct BlockType {
  GgufType type;
  BlockKernel BlockLinearKernels::* kernel;
  std::vector<std::size_t> halves;  // where a block has numbers of 16 bits
};
const std::vector<BlockType> block_types = {
    {GgufType::q4_0, &BlockLinearKernels::q4_0, {0}},    {GgufType::q4_1, &BlockLinearKernels::q4_1, {0, 2}},
    {GgufType::q5_0, &BlockLinearKernels::q5_0, {0}},    {GgufType::q5_1, &BlockLinearKernels::q5_1, {0, 2}},
    {GgufType::q8_0, &BlockLinearKernels::q8_0, {0}},    {GgufType::q2_k, &BlockLinearKernels::q2_k, {80, 82}},
    {GgufType::q3_k, &BlockLinearKernels::q3_k, {108}},  {GgufType::q4_k, &BlockLinearKernels::q4_k, {0, 2}},
    {GgufType::q5_k, &BlockLinearKernels::q5_k, {0, 2}}, {GgufType::q6_k, &BlockLinearKernels::q6_k, {208}},
    {GgufType::iq4_nl, &BlockLinearKernels::iq4_nl, {0}}};

std::vector<Isa> supported() {
  std::vector<Isa> sets;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512})
    if (supports(isa)) sets.push_back(isa);
  return sets;
}

// Any bytes are blocks, if their scales are numbers. Among these are denormal ones.
struct Weight {
  std::int64_t outputs, inputs, row_bytes;
  std::vector<std::uint8_t> blocks;
  std::vector<float> values;

  Weight(const BlockType& kind, std::int64_t rows, std::int64_t blocks_a_row, unsigned seed) : outputs(rows) {
    std::mt19937 random(seed);
    const std::size_t bytes = block_bytes(kind.type), count = static_cast<std::size_t>(rows * blocks_a_row);
    inputs = blocks_a_row * static_cast<std::int64_t>(block_elements(kind.type));
    row_bytes = blocks_a_row * static_cast<std::int64_t>(bytes);
    blocks.resize(count * bytes);
    for (std::uint8_t& byte : blocks) byte = static_cast<std::uint8_t>(random());
    for (std::size_t b = 0; b < count; ++b)
      for (const std::size_t half : kind.halves) blocks[b * bytes + half + 1] &= 0xA7;  // 2^-15 to 2^-6, either sign
    values.resize(static_cast<std::size_t>(outputs * inputs));
    dequantize(kind.type, blocks, values);
  }
};

std::vector<float> random_inputs(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<std::size_t>(count));
  for (float& each : x) each = normal(random);
  for (std::size_t i = 0; i < 32; ++i) x[i] = 0;  // a group without a scale
  return x;
}

struct Bytes {
  std::vector<std::int8_t> q;
  std::vector<float> scale, sums;

  Bytes(const BlockLinearKernels& kernels, const std::vector<float>& x) : q(x.size()), scale(x.size() / 32), sums(x.size() / 4) {
    kernels.to_bytes(x.data(), static_cast<std::int64_t>(x.size()), q.data(), scale.data(), sums.data());
  }
  ByteRows rows() const { return {q.data(), scale.data(), sums.data()}; }
  std::vector<float> values() const {
    std::vector<float> x(q.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = scale[i / 32] * static_cast<float>(q[i]);
    return x;
  }
};

// The products of what the blocks stand for, and the size of their terms.
void expect_products(const Weight& weight, const std::vector<float>& x, const std::vector<float>& output) {
  for (std::int64_t row = 0; row < std::ssize(x) / weight.inputs; ++row)
    for (std::int64_t column = 0; column < weight.outputs; ++column) {
      double sum = 0, size = 0;
      for (std::int64_t k = 0; k < weight.inputs; ++k) {
        const double term = static_cast<double>(x[static_cast<std::size_t>(row * weight.inputs + k)]) *
                            weight.values[static_cast<std::size_t>(column * weight.inputs + k)];
        sum += term;
        size += std::abs(term);
      }
      EXPECT_NEAR(output[static_cast<std::size_t>(row * weight.outputs + column)], sum, 3e-6 * size) << row << ", " << column;
    }
}

class BlockLinearKernel : public ::testing::TestWithParam<std::size_t> {};

TEST_P(BlockLinearKernel, Products) {
  const BlockType& kind = block_types[GetParam()];
  for (const Isa isa : supported())
    for (const std::int64_t rows : {1, 2, 3, 4, 7})
      for (const std::int64_t blocks : {1, 2, 5}) {
        SCOPED_TRACE(std::to_string(static_cast<int>(isa)) + ": " + std::to_string(rows) + " rows, blocks " +
                     std::to_string(blocks));
        const BlockLinearKernels& kernels = block_linear_kernels_for(isa);
        const Weight weight(kind, 5, blocks, 3);
        const std::vector<float> x = random_inputs(rows * weight.inputs, 4);
        std::vector<float> output(static_cast<std::size_t>(rows * weight.outputs), -7);
        const BlockLinear task{.rows = rows,
                               .inputs = weight.inputs,
                               .outputs = weight.outputs,
                               .weight = weight.blocks.data(),
                               .row_bytes = weight.row_bytes,
                               .output = output.data()};
        const BlockKernel& kernel = kernels.*kind.kernel;
        kernel.by_floats(task, x.data(), 0, 2);
        kernel.by_floats(task, x.data(), 2, 5);
        expect_products(weight, x, output);

        const Bytes bytes(kernels, x);
        std::ranges::fill(output, -7);
        kernel.by_bytes(task, bytes.rows(), 0, 5);
        expect_products(weight, bytes.values(), output);
      }
}

TEST_P(BlockLinearKernel, Numbers) {
  const BlockType& kind = block_types[GetParam()];
  for (const Isa isa : supported()) {
    const BlockKernel& kernel = block_linear_kernels_for(isa).*kind.kernel;
    const Weight weight(kind, 3, 4, 5);
    std::vector<float> numbers(weight.values.size());
    kernel.to_fp32(weight.blocks.data(), std::ssize(numbers), numbers.data());
    std::vector<Bfloat16> halves(numbers.size());
    kernel.to_bf16(weight.blocks.data(), std::ssize(numbers), halves.data());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_NEAR(numbers[i], weight.values[i], 1e-6 * (1 + std::abs(weight.values[i]))) << i;
      const float half = float_of_upper_half(halves[i].bits);
      EXPECT_NEAR(half, numbers[i], std::abs(numbers[i]) / 256) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, BlockLinearKernel, ::testing::Range(std::size_t{0}, block_types.size()),
                         [](const ::testing::TestParamInfo<std::size_t>& type) {
                           return std::string(name_of(block_types[type.param].type));
                         });

TEST(BlockLinearKernels, InputsAsBytes) {
  for (const Isa isa : supported()) {
    std::vector<float> x(64, 0);
    for (int i = 0; i < 32; ++i) x[static_cast<std::size_t>(32 + i)] = static_cast<float>(i - 20) * 0.35F;
    const Bytes bytes(block_linear_kernels_for(isa), x);
    EXPECT_EQ(bytes.scale[0], 0);
    EXPECT_EQ(bytes.sums[3], 0);
    EXPECT_FLOAT_EQ(bytes.scale[1], 7.0F / 127);
    EXPECT_EQ(bytes.q[32], -127);
    EXPECT_EQ(bytes.q[52], 0);
    EXPECT_EQ(bytes.q[63], std::lround(11 * 0.35F * 127 / 7));
    EXPECT_FLOAT_EQ(bytes.sums[8], bytes.scale[1] * static_cast<float>(bytes.q[32] + bytes.q[33] + bytes.q[34] + bytes.q[35]));
  }
}

}  // namespace
}  // namespace omma
