#include "omma/nn/deformable_convolution.h"

namespace omma {

Tensor deformable_convolution(const Tensor& input, const Tensor& offsets, const Tensor& mask, const DeformableFilter& filter) {
  const int64_t batch = input.size(0), height = input.size(2), width = input.size(3), rows = mask.size(2), columns = mask.size(3);
  const int64_t kernel = filter.weight.size(3), taps = mask.size(1);
  const auto options = offsets.options();
  const Tensor tap = torch::arange(taps, options.dtype(torch::kInt64));
  const auto along = [&](const Tensor& tap_place, const Tensor& cells, int64_t axis) {
    return offsets.unflatten(1, {taps, 2}).select(2, axis) + (tap_place * filter.dilation - filter.padding).view({-1, 1, 1}) +
           cells * filter.stride;
  };
  const Tensor y = along(tap.floor_divide(kernel), torch::arange(rows, options).view({-1, 1}), 0);  // [B, K, Ho, Wo]
  const Tensor x = along(tap.remainder(kernel), torch::arange(columns, options), 1);
  Tensor samples = torch::zeros({batch, input.size(1), taps, rows, columns}, input.options());
  for (int64_t corner = 0; corner < 4; ++corner) {
    const Tensor row = y.floor() + corner / 2, column = x.floor() + corner % 2;
    const Tensor inside = (row >= 0) & (row < height) & (column >= 0) & (column < width);
    const Tensor share = (1 - (y - row).abs()) * (1 - (x - column).abs()) * inside * mask;
    const Tensor place = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).to(torch::kInt64).flatten(1).unsqueeze(1);
    const Tensor taken = input.flatten(2).gather(2, place.expand({-1, input.size(1), -1}));
    samples = samples + taken.view_as(samples) * share.unsqueeze(1);
  }
  const Tensor out = torch::matmul(filter.weight.flatten(1), samples.flatten(1, 2).flatten(2)).unflatten(2, {rows, columns});
  return filter.bias.defined() ? out + filter.bias.view({-1, 1, 1}) : out;
}

Tensor reinterpreted_maps(const Tensor& maps, int64_t height, int64_t width) {
  return maps.flatten(1).narrow(1, 0, maps.size(1) * height * width).unflatten(1, {maps.size(1), height, width});
}

}  // namespace omma
