#include "omma/models/grounding_dino/query_selection.h"

#include <algorithm>
#include <limits>

#include "omma/base/error.h"
#include "omma/nn/layers.h"

namespace omma::grounding_dino {
namespace {

// rows [B, Q] of x [B, S, C] -> [B, Q, C]
Tensor gather_rows(const Tensor& x, const Tensor& rows) {
  return x.gather(1, rows.unsqueeze(-1).expand({rows.size(0), rows.size(1), x.size(2)}));
}

}  // namespace

Proposals make_proposals(const VisionFeatures& vision) {
  constexpr double finest_side = 0.05, rim = 0.01;
  const auto options = vision.valid_ratios.options();
  std::vector<Tensor> boxes;
  for (std::size_t level = 0; level < vision.levels.size(); ++level) {
    const auto [height, width] = vision.levels[level];
    const Tensor ratio = vision.valid_ratios.select(1, static_cast<int64_t>(level));  // [B, 2], (x, y)
    const auto centres = [&](int64_t size, int64_t axis) {                            // [B, size]
      return (torch::arange(size, options) + 0.5).unsqueeze(0) / (ratio.narrow(1, axis, 1) * size).round();
    };
    const Tensor x = centres(width, 0).unsqueeze(1).expand({-1, height, width});
    const Tensor y = centres(height, 1).unsqueeze(2).expand({-1, height, width});
    const Tensor side = torch::full_like(x, finest_side * static_cast<double>(int64_t{1} << level));
    boxes.push_back(torch::stack({x, y, side, side}, -1).flatten(1, 2));  // [B, H W, 4]
  }
  const Tensor all = torch::cat(boxes, 1);
  Tensor valid = ((all > rim) & (all < 1 - rim)).all(-1);
  if (vision.mask.defined()) valid = valid & vision.mask;
  const Tensor logits = (all / (1 - all)).log().masked_fill(~valid.unsqueeze(-1), std::numeric_limits<double>::infinity());
  return {logits, valid};
}

QuerySelection::QuerySelection(torch::nn::Module& model, const Config& config) : queries_(config.num_queries) {
  const int64_t channels = config.d_model;
  content_ = model.register_module("query_position_embeddings", torch::nn::Embedding(queries_, channels));
  if (!config.two_stage) {
    reference_points_ = model.register_module("reference_points", torch::nn::Embedding(queries_, 4));
    return;
  }
  output_ = model.register_module("enc_output", Linear(channels, channels));
  norm_ = model.register_module("enc_output_norm", layer_norm(channels, config.layer_norm_eps));
  const MlpImpl::Options box{.in = channels, .hidden = channels, .out = 4, .depth = 3};
  box_head_ = model.register_module("encoder_output_bbox_embed", Mlp(box));
  class_head_.emplace(model, "encoder_output_class_embed", config);
}

Tensor QuerySelection::select(const VisionFeatures& vision, const Proposals& proposals, const Tensor& text,
                              const Tensor& token_mask, const Probe& probe) {
  if (probe.selection.defined()) return probe.selection;
  torch::NoGradGuard no_grad;  // the ranking has no gradient; the chosen rows are computed again with one
  const Tensor rows = norm_(output_(vision.features.masked_fill(~proposals.valid.unsqueeze(-1), 0)));  // [B, S, C]
  const Tensor logits = (*class_head_)(rows, text, token_mask);                                        // [B, S, T]
  probe("proposals.logits", logits);
  return std::get<1>(logits.amax(-1).topk(std::min(queries_, logits.size(1)), 1));
}

SelectedQueries QuerySelection::operator()(const VisionFeatures& vision, const Tensor& text, const Tensor& token_mask,
                                           const Probe& probe) {
  const auto batch = vision.features.size(0);
  const auto learned = [&](const Tensor& weight, int64_t queries) {  // [B, Q, .]
    return weight.narrow(0, 0, queries).unsqueeze(0).expand({batch, -1, -1});
  };
  if (!class_head_) {
    const Tensor boxes = reference_points_->weight.to(torch::kFloat32).sigmoid();
    return {.content = learned(content_->weight, queries_), .boxes = learned(boxes, queries_), .logits = {}, .proposal_boxes = {}};
  }
  const Proposals proposals = make_proposals(vision);
  const Tensor chosen = select(vision, proposals, text, token_mask, probe);  // [B, Q]
  probe("proposals.selection", chosen);
  const Tensor valid = proposals.valid.gather(1, chosen).unsqueeze(-1);
  const Tensor rows = norm_(output_(gather_rows(vision.features, chosen).masked_fill(~valid, 0)));  // [B, Q, C]
  const Tensor boxes = (box_head_(rows).to(torch::kFloat32) + gather_rows(proposals.logits, chosen)).sigmoid();
  return {.content = learned(content_->weight, chosen.size(1)),
          .boxes = boxes.detach(),
          .logits = (*class_head_)(rows, text, token_mask),
          .proposal_boxes = boxes};
}

AllProposals QuerySelection::propose(const VisionFeatures& vision, const Tensor& text, const Tensor& token_mask) {
  check(class_head_.has_value(), "proposals: the model has one stage, there are none");
  const Proposals proposals = make_proposals(vision);
  const Tensor rows = norm_(output_(vision.features.masked_fill(~proposals.valid.unsqueeze(-1), 0)));
  return {.logits = (*class_head_)(rows, text, token_mask),
          .boxes = (box_head_(rows).to(torch::kFloat32) + proposals.logits).sigmoid(),
          .centres = proposals.logits.narrow(-1, 0, 2).sigmoid(),
          .valid = proposals.valid};
}

void QuerySelection::init_weights() {
  if (class_head_) {
    init_box_head(box_head_);
    class_head_->init_weights();
  } else {
    torch::nn::init::xavier_uniform_(reference_points_->weight);
  }
}

}  // namespace omma::grounding_dino
