// The world's splits, and the colour-name pairs that no training sees.
#pragma once

#include <cstdint>
#include <string_view>

namespace omma {

// combo: each scene holds a pair that no training scene holds. len: 7-9 objects. domain: other backgrounds, jittered hues.
enum class Split { train, val, test, combo, len, domain };

std::string_view name_of(Split split);

// Throws std::invalid_argument that lists the splits.
Split parse_split(std::string_view name);

// One of the 24 of 192 pairs held out of every split but combo. Each name and each colour keeps at least 3 training partners.
bool is_combo_pair(int name, int color);

// The only split in which a scene of this content may stand: the content's hash decides, so no scene is in two splits, whatever
// the seeds. train owns 11 of 16 hash classes, the other splits one each.
Split split_of_content(std::uint64_t content_hash);

}  // namespace omma
