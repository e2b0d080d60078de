// The sampler of deformable convolution on raw memory against its definition written out, at every instruction set: also where
// offsets are hostile. Arrays have exactly the size they need, so that the sanitizer build sees any read or write outside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "omma/nn/kernels/deformable_convolution_kernel.h"
#include "omma/nn/kernels/isa.h"
#include "tests/unit/deformable/kernel_values.h"

namespace omma {
namespace {

// Random arrays of one image: 3 x 2 taps, a stride of 2 down an odd map and a slice [gap, gap + D) of its channels.
struct ConvolutionArrays {
  DeformableConvolutionShape shape;
  int64_t gap;
  std::vector<float> map, offsets, mask;

  ConvolutionArrays(int64_t channels, int64_t output_width, int64_t between) : gap(between) {
    const int64_t output_height = 3;
    shape = {.height = 5,
             .width = int32_t(2 * output_width),
             .channels = channels,
             .pixel_stride = channels + gap,
             .taps = 6,
             .kernel_width = 2,
             .stride = 2,
             .padding = 1,
             .dilation = 1,
             .positions = output_height * output_width,
             .output_width = output_width};
    Rng rng(1);
    map = uniform<float>(rng, shape.height * shape.width * shape.pixel_stride);
    offsets = uniform<float>(rng, 2 * shape.taps * shape.positions);
    mask = uniform<float>(rng, shape.taps * shape.positions);
    for (float& x : offsets) x *= 3;
  }

  DeformableConvolutionInputs<float> inputs() const { return {shape, map.data() + gap, offsets.data(), mask.data()}; }
  size_t column_numbers(int64_t positions) const { return size_t(positions * shape.taps * shape.channels); }
};

std::vector<float> columns_of(const ConvolutionArrays& x, const DeformableConvolutionKernel<float>& kernel) {
  std::vector<float> columns(x.column_numbers(x.shape.positions), -99);
  kernel.sample(x.inputs(), 0, x.shape.positions, columns.data());
  return columns;
}

// What one place of one tap samples, of one channel.
double sample_written_out(const ConvolutionArrays& x, int64_t position, int64_t tap, int64_t channel) {
  const auto& shape = x.shape;
  const int64_t row = position / shape.output_width, column = position % shape.output_width;
  const auto offset = [&](int64_t axis) { return double(x.offsets[size_t((2 * tap + axis) * shape.positions + position)]); };
  const double v = double(row * shape.stride - shape.padding + tap / shape.kernel_width * shape.dilation) + offset(0);
  const double u = double(column * shape.stride - shape.padding + tap % shape.kernel_width * shape.dilation) + offset(1);
  double sum = 0;
  for (int32_t h = 0; h < shape.height; ++h) {
    for (int32_t w = 0; w < shape.width; ++w) {
      const double share = std::max(0.0, 1 - std::abs(v - h)) * std::max(0.0, 1 - std::abs(u - w));
      if (share > 0) sum += share * double(x.map[size_t((h * shape.width + w) * shape.pixel_stride + x.gap + channel)]);
    }
  }
  return sum * double(x.mask[size_t(tap * shape.positions + position)]);
}

struct ConvolutionGradientArrays {
  std::vector<float> map, offsets, mask, columns;
};

// Of the sum of the columns.
ConvolutionGradientArrays gradients_of(const ConvolutionArrays& x, const DeformableConvolutionKernel<float>& kernel) {
  ConvolutionGradientArrays found = {std::vector<float>(x.map.size()), std::vector<float>(x.offsets.size(), -99),
                                     std::vector<float>(x.mask.size(), -99),
                                     std::vector<float>(x.column_numbers(x.shape.positions), 1)};
  kernel.backward(x.inputs(), {found.map.data() + x.gap, found.offsets.data(), found.mask.data()}, 0, x.shape.positions,
                  found.columns.data());
  return found;
}

struct ConvolutionKernelCase {
  const char* name;
  Isa isa;
  const DeformableConvolutionKernel<float>* kernel;
};

std::vector<ConvolutionKernelCase> all_convolution_kernels() {
  std::vector<ConvolutionKernelCase> kernels = {{"portable", Isa::portable, &deformable_convolution_portable}};
#if defined(__x86_64__)
  kernels.push_back({"avx2", Isa::avx2, &deformable_convolution_avx2});
  kernels.push_back({"avx512", Isa::avx512, &deformable_convolution_avx512});
#endif
  return kernels;
}

class ConvolutionKernelTest : public testing::TestWithParam<ConvolutionKernelCase> {
 protected:
  void SetUp() override {
    if (!supports(GetParam().isa)) GTEST_SKIP() << "this processor lacks " << GetParam().name;
  }
  const DeformableConvolutionKernel<float>& kernel() const { return *GetParam().kernel; }
};

TEST_P(ConvolutionKernelTest, SamplesAreThoseWrittenOutAtAnyWidth) {
  for (const int64_t channels : {1, 3, 4, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 65}) {
    const ConvolutionArrays x(channels, 4, channels % 3);
    const auto found = columns_of(x, kernel());
    for (size_t i = 0; i < found.size(); ++i) {
      const auto column = int64_t(i) / channels;
      ASSERT_NEAR(found[i], sample_written_out(x, column / x.shape.taps, column % x.shape.taps, int64_t(i) % channels), 3e-6)
          << channels << " channels, number " << i;
    }
  }
}

TEST_P(ConvolutionKernelTest, PiecesAreThoseOfTheWhole) {
  for (const int64_t width : {1, 31, 32, 33, 70}) {  // about a run of positions
    const ConvolutionArrays x(5, width, 0);
    const auto whole = columns_of(x, kernel());
    for (const int64_t piece : {1, 7, 40}) {
      std::vector<float> joined;
      for (int64_t begin = 0; begin < x.shape.positions; begin += piece) {
        const int64_t end = std::min(begin + piece, x.shape.positions);
        std::vector<float> columns(x.column_numbers(end - begin));
        kernel().sample(x.inputs(), begin, end, columns.data());
        joined.insert(joined.end(), columns.begin(), columns.end());
      }
      ASSERT_EQ(joined, whole) << "rows of " << width << " in pieces of " << piece;
    }
  }
}

TEST_P(ConvolutionKernelTest, GradientsAreThoseOfALinearSum) {
  for (const int64_t channels : {1, 5, 8, 16, 21, 32, 40}) {
    const ConvolutionArrays x(channels, 35, channels % 2);
    const auto gradients = gradients_of(x, kernel());
    EXPECT_EQ(gradients.columns, columns_of(x, kernel())) << "the samples take the gradients' place";
    // The sum is linear in the map, and in the mask: <gradient, value> is the sum either way.
    double sum = 0, by_map = 0, by_mask = 0;
    for (const float sample : gradients.columns) sum += double(sample);
    for (size_t i = 0; i < x.map.size(); ++i) by_map += double(x.map[i]) * double(gradients.map[i]);
    for (size_t i = 0; i < x.mask.size(); ++i) by_mask += double(x.mask[i]) * double(gradients.mask[i]);
    EXPECT_NEAR(by_map, sum, 1e-3) << channels << " channels";
    EXPECT_NEAR(by_mask, sum, 1e-3) << channels << " channels";
    if (x.gap == 1) {  // another slice's channel before each pixel's
      for (size_t i = 0; i < x.map.size(); i += size_t(x.shape.pixel_stride)) ASSERT_EQ(gradients.map[i], 0);
    }
  }
}

TEST_P(ConvolutionKernelTest, HostileOffsetsSampleZeroAndStayInside) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
  for (const float hostile :
       {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, largest, -largest, 3e9F, -3e9F, 80.0F, -80.0F}) {
    for (const int64_t axis : {0, 1}) {
      ConvolutionArrays x(19, 33, 0);
      for (int64_t i = 0; i < int64_t(x.offsets.size()); ++i)
        if (i / x.shape.positions % 2 == axis) x.offsets[size_t(i)] = hostile;
      for (const float sample : columns_of(x, kernel())) ASSERT_EQ(sample, 0) << hostile;
      const auto gradients = gradients_of(x, kernel());
      for (const auto* gradient : {&gradients.map, &gradients.offsets, &gradients.mask})
        for (const float number : *gradient) ASSERT_EQ(number, 0) << hostile;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, ConvolutionKernelTest, testing::ValuesIn(all_convolution_kernels()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace omma
