#include "omma/models/llava/parts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "omma/base/error.h"

namespace omma {
namespace {

// Python's int(round(x, 7)), by which the reference keeps exact ratios whole.
int64_t whole(double x) { return static_cast<int64_t>(std::nearbyint(x * 1e7) / 1e7); }

}  // namespace

Size best_fit(Size picture, const std::vector<Size>& sizes) {
  check(picture.width >= 1 && picture.height >= 1, "picture: expected at least one pixel");
  Size best = {};
  int64_t most = 0, least_left = std::numeric_limits<int64_t>::max();
  for (const Size& size : sizes) {
    const double scale =
        std::min(static_cast<double>(size.width) / picture.width, static_cast<double>(size.height) / picture.height);
    const int64_t scaled = static_cast<int64_t>(picture.width * scale) * static_cast<int64_t>(picture.height * scale);
    const int64_t effective = std::min(scaled, int64_t{picture.width} * picture.height);
    const int64_t left = int64_t{size.width} * size.height - effective;
    if (effective > most || (effective == most && left < least_left)) {
      most = effective;
      least_left = left;
      best = size;
    }
  }
  check(best.width > 0, "picture: {} x {} pixels fit no grid of parts", picture.width, picture.height);
  return best;
}

PartLayout part_layout(const LlavaConfig& config, Size picture) {
  const int64_t side = config.vision_config.image_size;
  PartLayout layout{.canvas = best_fit(picture, config.image_grid_pinpoints),
                    .grid = config.vision_config.grid(),
                    .view_tokens = config.tokens_per_view()};
  layout.rows = layout.canvas.height / side;
  layout.columns = layout.canvas.width / side;
  const double wide = static_cast<double>(layout.canvas.width) / picture.width;
  const double high = static_cast<double>(layout.canvas.height) / picture.height;
  layout.filled = layout.canvas;
  if (wide < high)
    layout.filled.height = std::min(static_cast<int>(std::ceil(picture.height * wide)), layout.canvas.height);
  else
    layout.filled.width = std::min(static_cast<int>(std::ceil(picture.width * high)), layout.canvas.width);

  const int64_t height = layout.rows * layout.grid, width = layout.columns * layout.grid;
  const double ratio = static_cast<double>(picture.width) / picture.height;
  if (ratio > static_cast<double>(width) / static_cast<double>(height))
    layout.top = layout.bottom = (height - whole(picture.height * (static_cast<double>(width) / picture.width))) / 2;
  else
    layout.left = layout.right = (width - whole(picture.width * (static_cast<double>(height) / picture.height))) / 2;
  return layout;
}

std::vector<Image> cut_parts(const Image& image, const PartLayout& layout, int side, Resample resample, int threads) {
  const Size filled = layout.filled;
  const Image scaled = resize(image, filled.width, filled.height, resample, threads);
  const int left = (layout.canvas.width - filled.width) / 2, top = (layout.canvas.height - filled.height) / 2;
  std::vector<Image> parts;
  for (int64_t row = 0; row < layout.rows; ++row) {
    for (int64_t column = 0; column < layout.columns; ++column) {
      Image part(side, side);
      for (int y = 0; y < side; ++y) {
        const int from_y = static_cast<int>(row) * side + y - top;
        if (from_y < 0 || from_y >= filled.height) continue;
        const int first = std::max(0, left - static_cast<int>(column) * side);  // of the part
        const int last = std::min(side, left + filled.width - static_cast<int>(column) * side);
        if (first >= last) continue;
        const auto* from = scaled.pixel(static_cast<int>(column) * side + first - left, from_y);
        std::copy(from, from + 3 * static_cast<std::ptrdiff_t>(last - first), part.pixel(first, y));
      }
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

Tensor join_parts(const Tensor& tokens, const PartLayout& layout, const Tensor& newline) {
  check(tokens.size(0) == 1 + layout.rows * layout.columns, "llava: expected {} views, got {}", 1 + layout.rows * layout.columns,
        tokens.size(0));
  const int64_t channels = tokens.size(2);
  const Tensor parts = tokens.narrow(0, 1, tokens.size(0) - 1)
                           .reshape({layout.rows, layout.columns, layout.grid, layout.grid, channels})
                           .permute({0, 2, 1, 3, 4})
                           .reshape({layout.rows * layout.grid, layout.columns * layout.grid, channels})
                           .narrow(0, layout.top, layout.token_rows())
                           .narrow(1, layout.left, layout.token_columns());
  const Tensor ends = newline.to(tokens.dtype()).expand({parts.size(0), 1, channels});
  return torch::cat({tokens[0], torch::cat({parts, ends}, 1).flatten(0, 1)});
}

}  // namespace omma
