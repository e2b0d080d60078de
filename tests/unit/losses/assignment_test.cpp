#include "omma/losses/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "omma/base/rng.h"

namespace omma {
namespace {

double total(std::span<const float> cost, int64_t columns, const std::vector<int64_t>& column_of) {
  double sum = 0;
  for (std::size_t row = 0; row < column_of.size(); ++row)
    if (column_of[row] >= 0) sum += cost[row * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column_of[row])];
  return sum;
}

// Every way to give each row (rows <= columns) its own column.
double min_by_enumeration(std::span<const float> cost, int64_t rows, int64_t columns) {
  std::vector<int64_t> order(static_cast<std::size_t>(columns));
  std::iota(order.begin(), order.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do {
    least = std::min(least, total(cost, columns, {order.begin(), order.begin() + rows}));
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

std::vector<float> transposed(std::span<const float> cost, int64_t rows, int64_t columns) {
  std::vector<float> result(cost.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      result[static_cast<std::size_t>(c * rows + r)] = cost[static_cast<std::size_t>(r * columns + c)];
  return result;
}

void expect_one_to_one(const std::vector<int64_t>& column_of, int64_t columns) {
  std::vector<int64_t> used;
  for (const int64_t column : column_of)
    if (column >= 0) used.push_back(column);
  EXPECT_EQ(used.size(), std::min(column_of.size(), static_cast<std::size_t>(columns)));
  std::sort(used.begin(), used.end());
  EXPECT_EQ(std::adjacent_find(used.begin(), used.end()), used.end());
}

TEST(Assignment, EqualsEnumerationUpToSeven) {
  Rng rng(4);
  for (int trial = 0; trial < 300; ++trial) {
    const int64_t rows = rng.between(1, 7), columns = rng.between(static_cast<int>(rows), 7);
    std::vector<float> cost(static_cast<std::size_t>(rows * columns));
    const bool ties = rng.chance(0.3);
    for (float& value : cost) value = ties ? static_cast<float>(rng.between(0, 2)) : static_cast<float>(rng.uniform(-5, 5));
    const double least = min_by_enumeration(cost, rows, columns);
    const auto wide = assign_least_cost(cost, rows, columns);
    expect_one_to_one(wide, columns);
    EXPECT_NEAR(total(cost, columns, wide), least, 1e-5);
    const auto tall_cost = transposed(cost, rows, columns);
    const auto tall = assign_least_cost(tall_cost, columns, rows);
    expect_one_to_one(tall, rows);
    EXPECT_NEAR(total(tall_cost, rows, tall), least, 1e-5);
  }
}

TEST(Assignment, NotFiniteCostsAreTheLastResort) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> cost = {nan, 100, infinity,  //
                                   2,   nan, 1};
  EXPECT_EQ(assign_least_cost(cost, 2, 3), (std::vector<int64_t>{1, 2}));
  expect_one_to_one(assign_least_cost(std::vector<float>(6, nan), 2, 3), 3);
}

TEST(Assignment, EdgeSizes) {
  EXPECT_TRUE(assign_least_cost({}, 0, 5).empty());
  EXPECT_EQ(assign_least_cost({}, 3, 0), (std::vector<int64_t>{-1, -1, -1}));
  EXPECT_THROW(assign_least_cost(std::vector<float>(5), 2, 3), std::invalid_argument);
}

}  // namespace
}  // namespace omma
