#include "omma/nn/grid_attention.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "omma/base/error.h"
#include "omma/nn/attention.h"
#include "omma/nn/grid_scores.h"
#include "omma/nn/parallel.h"

namespace omma {
namespace {

// For each place of a query and of a key on an axis, the row of the table that holds their offset: [size, size, D].
Tensor by_offset(const Tensor& table, int64_t size) {
  const Tensor place = torch::arange(size, table.options().dtype(torch::kLong));
  const Tensor offset = place.unsqueeze(1) - place.unsqueeze(0) + (size - 1);
  return table.index_select(0, offset.flatten()).view({size, size, table.size(1)});
}

// q [B N, S, D]
GridScores position_scores(const Tensor& q, GridSize grid, const RelativePositions& positions) {
  const auto [height, width] = grid;
  const int64_t groups = q.size(0), channels = q.size(2);
  const Tensor grids = q.view({groups, height, width, channels});
  const Tensor rows = torch::matmul(grids.permute({1, 0, 2, 3}).reshape({height, groups * width, channels}),
                                    by_offset(positions.rows, height).transpose(1, 2));  // [H, G W, H']
  const Tensor columns = torch::matmul(grids.permute({2, 0, 1, 3}).reshape({width, groups * height, channels}),
                                       by_offset(positions.columns, width).transpose(1, 2));  // [W, G H, W']
  return {.rows = rows.view({height, groups, width, height}).permute({1, 0, 2, 3}).reshape({groups, -1, height}),
          .columns = columns.view({width, groups, height, width}).permute({1, 2, 0, 3}).reshape({groups, -1, width})};
}

// Of the queries [begin, begin + count) and all keys, for groups [group, group + groups): [groups, count, S].
Tensor scores_by_place(const GridScores& positions, int64_t group, int64_t groups, int64_t begin, int64_t count) {
  const auto some = [&](const Tensor& x) { return x.narrow(0, group, groups).narrow(1, begin, count); };
  return (some(positions.rows).unsqueeze(3) + some(positions.columns).unsqueeze(2)).flatten(2);
}

// All of q, k, v [G, S, D] -> [G, S, D], some at a time, so that a thread's scores stay in its cache.
Tensor attend_in_pieces(const Tensor& q, const Tensor& k, const Tensor& v, const GridScores* positions) {
  constexpr int64_t cached_scores = 1 << 18;
  const int64_t groups = q.size(0), tokens = q.size(1);
  const int64_t queries = std::clamp<int64_t>(cached_scores / tokens, 1, tokens);
  const int64_t group_step = std::clamp<int64_t>(cached_scores / (tokens * tokens), 1, groups);
  const int64_t query_pieces = (tokens + queries - 1) / queries, group_pieces = (groups + group_step - 1) / group_step;
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(2)));
  Tensor output = torch::empty_like(q);
  torch_parallel_for(query_pieces * group_pieces, 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode inference;  // each thread's own
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t group = piece / query_pieces * group_step, query = piece % query_pieces * queries;
      const int64_t group_count = std::min(group_step, groups - group), query_count = std::min(queries, tokens - query);
      const auto of_groups = [&](const Tensor& x) { return x.narrow(0, group, group_count); };
      const Tensor some = of_groups(q).narrow(1, query, query_count);
      const Tensor keys = of_groups(k).transpose(1, 2);
      Tensor scores;
      if (positions != nullptr)
        scores = scores_by_place(*positions, group, group_count, query, query_count).baddbmm_(some, keys, 1, scale);
      else
        scores = torch::bmm(some * scale, keys);
      torch::softmax_out(scores, scores, -1);
      of_groups(output).narrow(1, query, query_count).copy_(torch::bmm(scores, of_groups(v)));
    }
  });
  return output;
}

void expect_fits(const RelativePositions& positions, GridSize grid, int64_t channels) {
  const auto fits = [&](const Tensor& table, int64_t size, std::string_view name) {
    check(table.dim() == 2 && table.size(0) == 2 * size - 1 && table.size(1) == channels,
          "relative positions: {}: expected [{}, {}], got {}", name, 2 * size - 1, channels, shape(table));
  };
  fits(positions.rows, grid.height, "rows");
  fits(positions.columns, grid.width, "columns");
}

}  // namespace

Tensor grid_attention(const Tensor& q, const Tensor& k, const Tensor& v, GridSize grid, const RelativePositions& positions) {
  check(q.size(2) == grid.height * grid.width, "grid attention: expected {} x {} tokens, got {}", grid.height, grid.width,
        q.size(2));
  const auto grouped = [](const Tensor& x) { return x.flatten(0, 1).contiguous(); };  // [B N, S, D]
  const Tensor queries = grouped(q);
  std::optional<GridScores> scores;
  if (positions.rows.defined()) {
    expect_fits(positions, grid, q.size(3));
    scores = position_scores(queries, grid, positions);
    if (const Tensor fused = grid_scored_attention(q, k, v, *scores); fused.defined()) return fused;
  }
  if (!torch::GradMode::is_enabled() && q.is_cpu())
    return attend_in_pieces(queries, grouped(k), grouped(v), scores ? &*scores : nullptr).view_as(q);
  Tensor bias;  // [B, N, S, S]
  if (scores) bias = (scores->rows.unsqueeze(3) + scores->columns.unsqueeze(2)).view({q.size(0), q.size(1), q.size(2), q.size(2)});
  return attention(q, k, v, bias);
}

}  // namespace omma
