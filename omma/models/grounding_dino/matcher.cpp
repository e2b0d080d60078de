#include "omma/models/grounding_dino/matcher.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "omma/base/error.h"
#include "omma/losses/assignment.h"

namespace omma {
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

double generalized_iou(const Corners& a, const Corners& b) {
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

}  // namespace

std::vector<int64_t> match_queries(const Tensor& logits, const Tensor& boxes, const GroundingTargets& targets,
                                   const MatchingCosts& costs) {
  check(logits.dim() == 3 && boxes.dim() == 3 && logits.size(0) == targets.samples() && targets.tokens.size(1) == logits.size(2),
        "matching: logits {} and boxes {} do not fit targets of {} samples and tokens {}", shape(logits), shape(boxes),
        targets.samples(), shape(targets.tokens));
  const Tensor host_logits = logits.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const Tensor host_boxes = boxes.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const int64_t queries = logits.size(1), tokens = logits.size(2);
  const float* target_boxes = targets.boxes.const_data_ptr<float>();
  const float* target_tokens = targets.tokens.const_data_ptr<float>();
  std::vector<int64_t> matched;
  std::vector<float> cost, of_token(static_cast<std::size_t>(queries * tokens));
  for (int64_t sample = 0, first = 0; sample < targets.samples(); first += targets.counts[static_cast<std::size_t>(sample++)]) {
    const int64_t count = targets.counts[static_cast<std::size_t>(sample)];
    const float* sample_boxes = host_boxes.const_data_ptr<float>() + sample * queries * 4;
    const float* sample_logits = host_logits.const_data_ptr<float>() + sample * queries * tokens;
    std::transform(sample_logits, sample_logits + queries * tokens, of_token.begin(),
                   [&](float logit) { return token_cost(logit, costs.focal_alpha); });
    cost.resize(static_cast<std::size_t>(count * queries));
    for (int64_t target = 0; target < count; ++target) {
      const float* box = target_boxes + (first + target) * 4;
      const std::span owned(target_tokens + (first + target) * tokens, static_cast<std::size_t>(tokens));
      const double owned_count = static_cast<double>(std::count(owned.begin(), owned.end(), 1.F));
      for (int64_t query = 0; query < queries; ++query) {
        double classes = 0, l1 = 0;
        for (int64_t token = 0; token < tokens; ++token)
          if (owned[static_cast<std::size_t>(token)] > 0) classes += of_token[static_cast<std::size_t>(query * tokens + token)];
        const float* guess = sample_boxes + query * 4;
        for (int i = 0; i < 4; ++i) l1 += std::abs(static_cast<double>(guess[i]) - box[i]);
        const double giou = generalized_iou(Corners(guess), Corners(box));
        cost[static_cast<std::size_t>(target * queries + query)] =
            static_cast<float>(costs.classes * classes / std::max(1.0, owned_count) + costs.l1 * l1 - costs.giou * giou);
      }
    }
    for (const int64_t query : assign_least_cost(cost, count, queries)) matched.push_back(query);
  }
  return matched;
}

}  // namespace omma
