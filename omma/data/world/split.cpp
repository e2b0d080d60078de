#include "omma/data/world/split.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "omma/base/error.h"
#include "omma/base/rng.h"

namespace omma {
namespace {

constexpr std::array<std::string_view, 6> split_names = {"train", "val", "test", "combo", "len", "domain"};
constexpr std::uint64_t combo_seed = 24;

// One pair each of 24 names drawn without replacement, every colour four times.
std::array<ColorName, combo_pair_count> choose_combo_pairs() {
  std::array<int, world_name_count> order{};
  std::iota(order.begin(), order.end(), 0);
  Rng(combo_seed).shuffle(order);
  std::array<ColorName, combo_pair_count> pairs;
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {.name = order[i], .color = static_cast<int>(i) % world_color_count};
  return pairs;
}

}  // namespace

std::string_view name_of(Split split) { return split_names[static_cast<std::size_t>(split)]; }

Split parse_split(std::string_view name) {
  const auto found = std::find(split_names.begin(), split_names.end(), name);
  check(found != split_names.end(), "split: expected train, val, test, combo, len or domain, got \"{}\"", name);
  return static_cast<Split>(found - split_names.begin());
}

const std::array<ColorName, combo_pair_count>& combo_pairs() {
  static const std::array<ColorName, combo_pair_count> pairs = choose_combo_pairs();
  return pairs;
}

bool is_combo_pair(int name, int color) {
  return std::any_of(combo_pairs().begin(), combo_pairs().end(),
                     [&](const ColorName& pair) { return pair.name == name && pair.color == color; });
}

Split split_of_content(std::uint64_t content_hash) {
  const std::uint64_t hash_class = content_hash % 16;
  return hash_class < 11 ? Split::train : static_cast<Split>(hash_class - 10);
}

}  // namespace omma
