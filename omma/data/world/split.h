// The world's splits, and the colour-name pairs that no training sees.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "omma/data/world/words.h"

namespace omma {

// combo: each scene holds a pair that no training scene holds. len: 7-9 objects. domain: looks that no other has (look.h).
enum class Split { train, val, test, combo, len, domain };

std::string_view name_of(Split split);

// Throws std::invalid_argument that lists the splits.
Split parse_split(std::string_view name);

struct ColorName {
  int name = 0;
  int color = 0;
};

// The 24 of 192 pairs held out of every split but combo, chosen once with a fixed seed: at most one of a name, four of a colour.
inline constexpr int combo_pair_count = 24;
const std::array<ColorName, combo_pair_count>& combo_pairs();
bool is_combo_pair(int name, int color);

// The only split in which a scene of this content may stand: the content's hash decides, so no scene is in two splits, whatever
// the seeds. train owns 11 of 16 hash classes, the other splits one each.
Split split_of_content(std::uint64_t content_hash);

}  // namespace omma
