// One-to-one assignment of least total cost (Kuhn 1955; shortest augmenting paths after Jonker and Volgenant 1987).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace omma {

// For each of `rows` rows the column it is assigned, or -1: min(rows, columns) pairs whose costs sum to the least possible.
// `cost` is row-major [rows, columns]. NaN and infinite costs count as a cost above all others: such a pair is used only where
// nothing else is left. O(min^2 max) time. Throws std::invalid_argument where `cost` has another size.
std::vector<int64_t> assign_least_cost(std::span<const float> cost, int64_t rows, int64_t columns);

}  // namespace omma
