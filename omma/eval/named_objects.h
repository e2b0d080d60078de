// Which objects of the picture-book world a caption names.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "omma/data/world/split.h"

namespace omma {

// How many of each name and colour; colour -1 where none was said.
using ObjectCounts = std::map<std::pair<int, int>, int>;

// "two small red dogs and a car" counts two red dogs and one car of no colour. A number, article, colour and size belong to the
// name that they stand directly before; a plural without a number counts two.
ObjectCounts named_objects(std::string_view caption);

ObjectCounts count_objects(std::span<const ColorName> objects);

}  // namespace omma
