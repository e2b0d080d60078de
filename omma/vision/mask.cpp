#include "omma/vision/mask.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "omma/base/error.h"

namespace omma {
namespace {

// Compressed counts: each number in groups of five bits, the lowest first, bit 5 of a character telling that more follow, and 48
// added to make it printable. From the fourth count on, the difference to the count two before is written.
constexpr int group_bits = 5;
constexpr int more_follow = 0x20;
constexpr int sign_bit = 0x10;
constexpr char first_character = '0';

void append_number(std::string& text, std::int64_t number) {
  bool more = true;
  while (more) {
    int group = static_cast<int>(number & 0x1F);
    number >>= group_bits;
    more = number != ((group & sign_bit) != 0 ? -1 : 0);
    if (more) group |= more_follow;
    text += static_cast<char>(first_character + group);
  }
}

std::int64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  for (int shift = 0;; shift += group_bits) {
    check(!text.empty(), "run lengths: the string ends inside a number");
    check(shift < 2 * 32, "run lengths: a number is longer than 64 bits");
    const int group = text.front() - first_character;
    check(group >= 0 && group < 2 * more_follow, "run lengths: expected characters of \"0\" to \"o\", got byte {}",
          static_cast<unsigned char>(text.front()));
    text.remove_prefix(1);
    number |= static_cast<std::uint64_t>(group & 0x1F) << shift;
    if ((group & more_follow) != 0) continue;
    const int used = shift + group_bits;
    if ((group & sign_bit) != 0 && used < 64) number |= ~std::uint64_t{0} << used;
    return static_cast<std::int64_t>(number);
  }
}

std::int64_t pixels_of(int width, int height) { return static_cast<std::int64_t>(width) * height; }

}  // namespace

std::int64_t area(const Mask& mask) { return std::accumulate(mask.data.begin(), mask.data.end(), std::int64_t{0}); }

Box bounding_box(const Mask& mask) {
  int left = mask.width, right = -1, top = mask.height, bottom = -1;
  for (int y = 0; y < mask.height; ++y) {
    const auto row = mask.data.begin() + static_cast<std::ptrdiff_t>(y) * mask.width;
    const auto first = std::find(row, row + mask.width, 1);
    if (first == row + mask.width) continue;
    const auto last = std::find(std::reverse_iterator(row + mask.width), std::reverse_iterator(row), 1);
    left = std::min(left, static_cast<int>(first - row));
    right = std::max(right, static_cast<int>(last.base() - row));
    top = std::min(top, y);
    bottom = y + 1;
  }
  if (bottom < 0) return {};
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom)};
}

double intersection_over_union(const Mask& a, const Mask& b) {
  check(a.width == b.width && a.height == b.height, "mask IoU: expected masks of one size, got {} x {} and {} x {}", a.width,
        a.height, b.width, b.height);
  std::int64_t both = 0, either = 0;
  for (std::size_t i = 0; i < a.data.size(); ++i) {
    both += a.data[i] & b.data[i];
    either += a.data[i] | b.data[i];
  }
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 0;
}

// Runs go down the columns, memory along the rows: both directions work on changes between neighbouring rows, which vectorise, and
// touch single pixels only where a run begins.
RunLengths encode(const Mask& mask) {
  RunLengths runs{mask.width, mask.height, {}};
  const std::size_t width = static_cast<std::size_t>(mask.width), height = static_cast<std::size_t>(mask.height);
  std::vector<std::size_t> begins;  // of runs, as positions down the columns; of the first run, of zeros, only the end
  for (std::size_t x = 0; x < width && height > 0; ++x) {
    const std::uint8_t above = x > 0 ? mask.data[(height - 1) * width + x - 1] : 0;  // the foot of the column before
    if (mask.data[x] != above) begins.push_back(x * height);
  }
  for (std::size_t y = 1; y < height; ++y) {
    const std::uint8_t* row = mask.data.data() + y * width;
    for (std::size_t x = 0; x < width; ++x)
      if (row[x] != *(row + x - width)) begins.push_back(x * height + y);
  }
  std::ranges::sort(begins);
  std::size_t before = 0;
  for (const std::size_t begin : begins) runs.counts.push_back(static_cast<std::uint32_t>(begin - std::exchange(before, begin)));
  runs.counts.push_back(static_cast<std::uint32_t>(width * height - before));
  return runs;
}

Mask decode(const RunLengths& runs) {
  const std::int64_t total = std::accumulate(runs.counts.begin(), runs.counts.end(), std::int64_t{0});
  check(runs.width >= 0 && runs.height >= 0 && total == pixels_of(runs.width, runs.height),
        "run lengths: expected {} x {} pixels, got {}", runs.width, runs.height, total);
  Mask mask(runs.width, runs.height);
  const std::size_t width = static_cast<std::size_t>(runs.width), height = static_cast<std::size_t>(runs.height);
  std::vector<std::uint8_t> flips(width);  // whether a column's foot differs from the one of the column before
  std::size_t begin = 0;
  for (const std::uint32_t count : runs.counts) {
    begin += count;
    if (begin == mask.data.size()) break;
    mask.data[begin % height * width + begin / height] ^= 1;
    flips[begin / height] ^= 1;
  }
  std::uint8_t foot = 0;
  for (std::size_t x = 0; x < width; ++x) {
    mask.data[x] ^= foot;
    foot ^= flips[x];
  }
  for (std::size_t i = width; i < mask.data.size(); ++i) mask.data[i] ^= mask.data[i - width];
  return mask;
}

std::int64_t area(const RunLengths& runs) {
  std::int64_t sum = 0;
  for (std::size_t i = 1; i < runs.counts.size(); i += 2) sum += runs.counts[i];
  return sum;
}

std::string compress(const RunLengths& runs) {
  std::string text;
  for (std::size_t i = 0; i < runs.counts.size(); ++i)
    append_number(text, static_cast<std::int64_t>(runs.counts[i]) - (i > 2 ? static_cast<std::int64_t>(runs.counts[i - 2]) : 0));
  return text;
}

RunLengths decompress(std::string_view counts, int width, int height) {
  const std::int64_t pixels = pixels_of(width, height);
  check(width >= 1 && height >= 1 && pixels <= std::numeric_limits<std::int32_t>::max(),
        "run lengths: expected a size of 1 to 2^31 pixels, got {} x {}", width, height);
  RunLengths runs{width, height, {}};
  std::int64_t total = 0;
  while (!counts.empty()) {
    const std::size_t i = runs.counts.size();
    const std::int64_t number = take_number(counts);
    const std::int64_t before = i > 2 ? runs.counts[i - 2] : 0;
    check(number >= -before && number <= pixels - total - before, "run lengths: count {} does not fit into {} x {} pixels", i,
          width, height);
    runs.counts.push_back(static_cast<std::uint32_t>(number + before));
    total += number + before;
  }
  check(total == pixels, "run lengths: expected {} x {} = {} pixels, got {}", width, height, pixels, total);
  return runs;
}

}  // namespace omma
