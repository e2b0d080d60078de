// How alike two series order the same things.
#pragma once

#include <optional>
#include <span>

namespace omma {

// Spearman's rho, equals sharing their mean rank, as scipy.stats.spearmanr; nothing where a series is constant or has fewer than
// two values. Both are of one length.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace omma
