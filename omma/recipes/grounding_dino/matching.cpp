#include "omma/recipes/grounding_dino/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <ranges>
#include <utility>

#include "omma/base/error.h"
#include "omma/losses/assignment.h"

namespace omma::grounding_dino {
namespace {

struct Corners {
  double x0, y0, x1, y1;
  explicit Corners(const float* centred)
      : x0(centred[0] - centred[2] / 2),
        y0(centred[1] - centred[3] / 2),
        x1(centred[0] + centred[2] / 2),
        y1(centred[1] + centred[3] / 2) {}
  double area() const { return (x1 - x0) * (y1 - y0); }
};

double giou_of(const Corners& a, const Corners& b) {
  const double overlap =
      std::max(0.0, std::min(a.x1, b.x1) - std::max(a.x0, b.x0)) * std::max(0.0, std::min(a.y1, b.y1) - std::max(a.y0, b.y0));
  const double united = a.area() + b.area() - overlap;
  const double hull = (std::max(a.x1, b.x1) - std::min(a.x0, b.x0)) * (std::max(a.y1, b.y1) - std::min(a.y0, b.y0));
  return overlap / std::max(united, 1e-12) - (hull - united) / std::max(hull, 1e-12);
}

// What calling a token's probability positive rather than negative costs, by the focal loss.
float token_cost(float logit, double alpha) {
  const double p = 1 / (1 + std::exp(-static_cast<double>(logit)));
  return static_cast<float>(-alpha * (1 - p) * (1 - p) * std::log(p + 1e-8) + (1 - alpha) * p * p * std::log(1 - p + 1e-8));
}

// What it costs that a query of one sample stands for a box.
class SampleCost {
 public:
  // logits [Q, T] and boxes [Q, 4], float32 on the CPU.
  SampleCost(const Tensor& logits, const Tensor& boxes, const Targets& targets, const MatchingCosts& costs)
      : tokens_(static_cast<std::size_t>(logits.size(1))),
        logits_(logits.const_data_ptr<float>()),
        boxes_(boxes.const_data_ptr<float>()),
        target_boxes_(targets.boxes.const_data_ptr<float>()),
        target_tokens_(targets.tokens.const_data_ptr<float>()),
        costs_(costs) {}

  float operator()(int64_t query, int64_t target) const {
    const float *wanted = target_tokens_ + row(target), *logits = logits_ + row(query);
    const float *box = target_boxes_ + target * 4, *guess = boxes_ + query * 4;
    double classes = 0, owned = 0, l1 = 0;
    for (std::size_t token = 0; token < tokens_; ++token)
      if (wanted[token] > 0) classes += token_cost(logits[token], costs_.focal_alpha), ++owned;
    for (int i = 0; i < 4; ++i) l1 += std::abs(static_cast<double>(guess[i]) - box[i]);
    const double giou = giou_of(Corners(guess), Corners(box));
    return static_cast<float>(costs_.classes * classes / std::max(1.0, owned) + costs_.l1 * l1 - costs_.giou * giou);
  }

 private:
  std::size_t row(int64_t index) const { return static_cast<std::size_t>(index) * tokens_; }

  std::size_t tokens_;
  const float *logits_, *boxes_, *target_boxes_, *target_tokens_;
  const MatchingCosts& costs_;
};

Tensor on_host(const Tensor& tensor) { return tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous(); }

void check_fit(const Tensor& logits, const Tensor& boxes, const Targets& targets) {
  check(logits.dim() == 3 && boxes.dim() == 3 && logits.size(0) == targets.samples() && targets.tokens.size(1) == logits.size(2),
        "matching: logits {} and boxes {} do not fit targets of {} samples and tokens {}", shape(logits), shape(boxes),
        targets.samples(), shape(targets.tokens));
}

// The valid positions of a sample whose centres lie in the box, or else the one nearest to its centre.
std::vector<int64_t> positions_in(const float* box, const float* centres, const bool* valid, int64_t count) {
  std::vector<int64_t> inside;
  int64_t nearest = -1;
  float least = std::numeric_limits<float>::infinity();
  for (int64_t position = 0; position < count; ++position) {
    if (!valid[position]) continue;
    const float dx = std::abs(centres[2 * position] - box[0]), dy = std::abs(centres[2 * position + 1] - box[1]);
    if (2 * dx < box[2] && 2 * dy < box[3]) inside.push_back(position);
    if (dx + dy < least) least = dx + dy, nearest = position;
  }
  if (inside.empty() && nearest >= 0) inside.push_back(nearest);
  return inside;
}

}  // namespace

std::vector<int64_t> match_queries(const Tensor& logits, const Tensor& boxes, const Targets& targets, const MatchingCosts& costs) {
  check_fit(logits, boxes, targets);
  const Tensor host_logits = on_host(logits), host_boxes = on_host(boxes);
  const int64_t queries = logits.size(1);
  std::vector<int64_t> matched;
  std::vector<float> cost;
  for (int64_t sample = 0, first = 0; sample < targets.samples(); first += targets.counts[static_cast<std::size_t>(sample++)]) {
    const int64_t count = targets.counts[static_cast<std::size_t>(sample)];
    const SampleCost cost_of(host_logits[sample], host_boxes[sample], targets, costs);
    cost.clear();
    for (int64_t target = first; target < first + count; ++target)
      for (int64_t query = 0; query < queries; ++query) cost.push_back(cost_of(query, target));
    for (const int64_t query : assign_least_cost(cost, count, queries)) matched.push_back(query);
  }
  return matched;
}

std::vector<Claim> claim_positions(const Tensor& logits, const Tensor& boxes, const Tensor& centres, const Tensor& valid,
                                   const Targets& targets, const MatchingCosts& costs, int64_t share) {
  check_fit(logits, boxes, targets);
  const Tensor host_logits = on_host(logits), host_boxes = on_host(boxes), host_centres = on_host(centres);
  const Tensor host_valid = valid.to(torch::kCPU).contiguous();
  std::vector<Claim> claims;
  for (int64_t sample = 0, first = 0; sample < targets.samples(); first += targets.counts[static_cast<std::size_t>(sample++)]) {
    const SampleCost cost_of(host_logits[sample], host_boxes[sample], targets, costs);
    std::map<int64_t, std::pair<float, int64_t>> owners;  // position to cost and box
    for (int64_t box = first; box < first + targets.counts[static_cast<std::size_t>(sample)]; ++box) {
      std::vector<std::pair<float, int64_t>> ranked;
      for (const int64_t position :
           positions_in(targets.boxes.const_data_ptr<float>() + box * 4, host_centres[sample].const_data_ptr<float>(),
                        host_valid[sample].const_data_ptr<bool>(), centres.size(1)))
        ranked.emplace_back(cost_of(position, box), position);
      std::ranges::sort(ranked);
      for (const auto& [cost, position] : ranked | std::views::take(share)) {
        const auto [owner, is_new] = owners.try_emplace(position, cost, box);
        if (!is_new) owner->second = std::min(owner->second, std::pair(cost, box));
      }
    }
    for (const auto& [position, owner] : owners) claims.push_back({sample, position, owner.second});
  }
  return claims;
}

}  // namespace omma::grounding_dino
