#include "omma/vision/mask.h"

#include <algorithm>
#include <limits>
#include <numeric>

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

// Calls body(from, to) for each run of ones, as positions down the columns.
template <class Body>
void for_each_run(const RunLengths& runs, Body body) {
  std::int64_t position = 0;
  for (std::size_t i = 0; i < runs.counts.size(); ++i) {
    const std::int64_t end = position + runs.counts[i];
    if (i % 2 == 1) body(position, end);
    position = end;
  }
}

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

RunLengths encode(const Mask& mask) {
  RunLengths runs{mask.width, mask.height, {}};
  std::uint8_t value = 0;
  std::uint32_t length = 0;
  for (int x = 0; x < mask.width; ++x) {
    for (int y = 0; y < mask.height; ++y) {
      if (mask.at(x, y) != value) {
        runs.counts.push_back(length);
        length = 0;
        value ^= 1;
      }
      ++length;
    }
  }
  runs.counts.push_back(length);
  return runs;
}

Mask decode(const RunLengths& runs) {
  const std::int64_t total = std::accumulate(runs.counts.begin(), runs.counts.end(), std::int64_t{0});
  check(runs.width >= 0 && runs.height >= 0 && total == pixels_of(runs.width, runs.height),
        "run lengths: expected {} x {} pixels, got {}", runs.width, runs.height, total);
  Mask mask(runs.width, runs.height);
  for_each_run(runs, [&](std::int64_t from, std::int64_t to) {
    for (; from < to; ++from) mask.at(static_cast<int>(from / runs.height), static_cast<int>(from % runs.height)) = 1;
  });
  return mask;
}

std::int64_t area(const RunLengths& runs) {
  std::int64_t sum = 0;
  for_each_run(runs, [&](std::int64_t from, std::int64_t to) { sum += to - from; });
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
