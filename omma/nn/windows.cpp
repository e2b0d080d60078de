#include "omma/nn/windows.h"

namespace omma {

Tensor pad_to_windows(const Tensor& map, int64_t w, const Tensor& value) {
  const auto padding = [&](int64_t size) { return (w - size % w) % w; };
  const int64_t below = padding(map.size(1)), right = padding(map.size(2));
  if (below + right == 0) return map;
  const Tensor padded = torch::constant_pad_nd(map, {0, 0, 0, right, 0, below});
  if (!value.defined()) return padded;
  padded.narrow(1, map.size(1), below).copy_(value);
  padded.narrow(2, map.size(2), right).copy_(value);
  return padded;
}

Tensor to_windows(const Tensor& map, int64_t w) {
  const auto rows = map.size(1) / w, columns = map.size(2) / w;
  return map.reshape({map.size(0), rows, w, columns, w, map.size(3)}).transpose(2, 3).reshape({-1, w * w, map.size(3)});
}

Tensor from_windows(const Tensor& windows, int64_t w, int64_t height, int64_t width) {
  const auto channels = windows.size(-1);
  return windows.view({-1, height / w, width / w, w, w, channels}).transpose(2, 3).reshape({-1, height, width, channels});
}

}  // namespace omma
