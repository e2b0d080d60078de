#include "omma/losses/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "omma/base/error.h"

namespace omma {
namespace {

// Row-major costs with at most as many rows as columns, in double so that sums of potentials stay exact enough.
struct Costs {
  int64_t rows, columns;
  std::vector<double> values;
  double at(int64_t row, int64_t column) const { return values[static_cast<std::size_t>(row * columns + column)]; }
};

Costs prepare(std::span<const float> cost, int64_t rows, int64_t columns, bool transpose) {
  double largest = 1;
  for (const float value : cost)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  const double unusable = 4 * largest * static_cast<double>(std::min(rows, columns) + 1);
  Costs costs{transpose ? columns : rows, transpose ? rows : columns, std::vector<double>(cost.size())};
  for (int64_t row = 0; row < costs.rows; ++row) {
    for (int64_t column = 0; column < costs.columns; ++column) {
      const float value = cost[static_cast<std::size_t>(transpose ? column * columns + row : row * columns + column)];
      costs.values[static_cast<std::size_t>(row * costs.columns + column)] = std::isfinite(value) ? value : unusable;
    }
  }
  return costs;
}

// Adds the rows one by one, each by the shortest augmenting path under the reduced costs cost - row price - column price.
class Solver {
 public:
  explicit Solver(const Costs& costs)
      : costs_(costs),
        row_price_(size(costs.rows), 0),
        column_price_(size(costs.columns), 0),
        row_of_(size(costs.columns), -1),
        distance_(size(costs.columns)),
        previous_row_(size(costs.columns)),
        done_(size(costs.columns)) {}

  std::vector<int64_t> solve() {
    for (int64_t row = 0; row < costs_.rows; ++row) augment(row);
    std::vector<int64_t> column_of(size(costs_.rows), -1);
    for (int64_t column = 0; column < costs_.columns; ++column)
      if (row_of_[size(column)] >= 0) column_of[size(row_of_[size(column)])] = column;
    return column_of;
  }

 private:
  static std::size_t size(int64_t n) { return static_cast<std::size_t>(n); }

  void augment(int64_t start) {
    std::fill(distance_.begin(), distance_.end(), std::numeric_limits<double>::infinity());
    std::fill(done_.begin(), done_.end(), false);
    std::vector<int64_t> tree_columns;  // in the order they were reached
    int64_t row = start, column = -1;
    double reached = 0;
    while (true) {
      relax(row, reached);
      column = nearest();
      reached = distance_[size(column)];
      done_[size(column)] = true;
      if (row_of_[size(column)] < 0) break;
      tree_columns.push_back(column);
      row = row_of_[size(column)];
    }
    row_price_[size(start)] += reached;
    for (const int64_t visited : tree_columns) {
      const double slack = reached - distance_[size(visited)];
      row_price_[size(row_of_[size(visited)])] += slack;
      column_price_[size(visited)] -= slack;
    }
    while (true) {  // flip the path that leads back to `start`
      const int64_t taker = previous_row_[size(column)];
      const auto holder = std::find(row_of_.begin(), row_of_.end(), taker);
      row_of_[size(column)] = taker;
      if (taker == start) return;
      column = holder - row_of_.begin();
    }
  }

  void relax(int64_t row, double reached) {
    for (int64_t column = 0; column < costs_.columns; ++column) {
      if (done_[size(column)]) continue;
      const double through = reached + costs_.at(row, column) - row_price_[size(row)] - column_price_[size(column)];
      if (through < distance_[size(column)]) {
        distance_[size(column)] = through;
        previous_row_[size(column)] = row;
      }
    }
  }

  int64_t nearest() const {
    int64_t best = -1;
    for (int64_t column = 0; column < costs_.columns; ++column)
      if (!done_[size(column)] && (best < 0 || distance_[size(column)] < distance_[size(best)])) best = column;
    return best;
  }

  const Costs& costs_;
  std::vector<double> row_price_, column_price_;
  std::vector<int64_t> row_of_;  // of each column, -1 while free
  std::vector<double> distance_;
  std::vector<int64_t> previous_row_;
  std::vector<bool> done_;
};

}  // namespace

std::vector<int64_t> assign_least_cost(std::span<const float> cost, int64_t rows, int64_t columns) {
  check(rows >= 0 && columns >= 0 && cost.size() == static_cast<std::size_t>(rows * columns),
        "assignment: expected {} x {} costs, got {}", rows, columns, cost.size());
  if (rows == 0 || columns == 0) return std::vector<int64_t>(static_cast<std::size_t>(rows), -1);
  const bool transpose = rows > columns;
  const Costs costs = prepare(cost, rows, columns, transpose);
  std::vector<int64_t> column_of = Solver(costs).solve();
  if (!transpose) return column_of;
  std::vector<int64_t> result(static_cast<std::size_t>(rows), -1);
  for (std::size_t column = 0; column < column_of.size(); ++column)
    result[static_cast<std::size_t>(column_of[column])] = static_cast<int64_t>(column);
  return result;
}

}  // namespace omma
