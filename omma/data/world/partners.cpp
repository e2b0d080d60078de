#include "omma/data/world/partners.h"

#include <array>
#include <numeric>

#include "omma/base/error.h"
#include "omma/base/rng.h"
#include "omma/data/world/words.h"

namespace omma {
namespace {

constexpr std::uint64_t partner_seed = 16;

using Partners = std::array<int, world_name_count>;

Partners choose_partners() {
  Partners order{};
  std::iota(order.begin(), order.end(), 0);
  Rng(partner_seed).shuffle(order);
  Partners partners{};
  for (std::size_t i = 0; i < order.size(); i += 2) {
    partners[static_cast<std::size_t>(order[i])] = order[i + 1];
    partners[static_cast<std::size_t>(order[i + 1])] = order[i];
  }
  return partners;
}

}  // namespace

int partner_of(int name) {
  static const Partners partners = choose_partners();
  check(name >= 0 && name < world_name_count, "world name: expected 0 to {}, got {}", world_name_count - 1, name);
  return partners[static_cast<std::size_t>(name)];
}

}  // namespace omma
