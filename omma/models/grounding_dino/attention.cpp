#include "omma/models/grounding_dino/attention.h"

#include <numbers>

#include "omma/base/error.h"
#include "omma/nn/attention.h"

namespace omma::grounding_dino {

MultiheadAttentionImpl::MultiheadAttentionImpl(const Options& options)
    : heads_(options.heads),
      dropout_(options.dropout),
      query_(register_module("query", Linear(options.channels, options.channels))),
      key_(register_module("key", Linear(options.channels, options.channels))),
      value_(register_module("value", Linear(options.channels, options.channels))),
      out_proj_(register_module("out_proj", Linear(options.channels, options.channels))) {}

Tensor MultiheadAttentionImpl::forward(const Tensor& queries, const Tensor& keys, const Tensor& values, const Tensor& mask) {
  return out_proj_(merge_heads(attention(split_heads(query_(queries), heads_), split_heads(key_(keys), heads_),
                                         split_heads(value_(values), heads_), mask, is_training() ? dropout_ : 0)));
}

DeformableAttentionImpl::DeformableAttentionImpl(const Options& options)
    : options_(options),
      sampling_offsets_(
          register_module("sampling_offsets", Linear(options.channels, options.heads * options.levels * options.points * 2))),
      attention_weights_(
          register_module("attention_weights", Linear(options.channels, options.heads * options.levels * options.points))),
      value_proj_(register_module("value_proj", Linear(options.channels, options.channels))),
      output_proj_(register_module("output_proj", Linear(options.channels, options.channels))) {}

Tensor DeformableAttentionImpl::forward(const Tensor& queries, const Tensor& references, const VisionFeatures& vision) {
  const auto [channels, heads, levels, points] = options_;
  Tensor value = value_proj_(vision.features);
  if (vision.mask.defined()) value = value.masked_fill(~vision.mask.unsqueeze(-1), 0);
  const Tensor weights = attention_weights_(queries)
                             .unflatten(-1, {heads, levels * points})
                             .softmax(-1, torch::kFloat32)
                             .unflatten(-1, {levels, points});  // [B, Q, N, L, P]
  const Tensor offsets = sampling_offsets_(queries).to(torch::kFloat32).unflatten(-1, {heads, levels, points, 2});
  const Tensor locations = sampling_locations(references, offsets, vision.levels);  // [B, Q, N, L, P, 2]
  return output_proj_(deformable_attention(value.unflatten(-1, {heads, -1}), vision.levels, locations, weights));
}

void DeformableAttentionImpl::init_weights() {
  torch::NoGradGuard no_grad;
  const auto [channels, heads, levels, points] = options_;
  const Tensor angle = torch::arange(heads) * (2 * std::numbers::pi / static_cast<double>(heads));
  Tensor direction = torch::stack({angle.cos(), angle.sin()}, -1);
  direction = direction / direction.abs().amax(-1, true);                // [N, 2], on the unit square
  const Tensor length = torch::arange(1, points + 1).view({points, 1});  // a point each, one cell further
  sampling_offsets_->weight.zero_();
  sampling_offsets_->bias.copy_((direction.view({heads, 1, 1, 2}) * length).expand({heads, levels, points, 2}).reshape(-1));
  attention_weights_->weight.zero_();
  attention_weights_->bias.zero_();
  for (auto& projection : {value_proj_, output_proj_}) {
    torch::nn::init::xavier_uniform_(projection->weight);
    torch::nn::init::zeros_(projection->bias);
  }
}

Tensor sampling_locations(const Tensor& references, const Tensor& offsets, const LevelShapes& levels) {
  const Tensor centre = references.narrow(-1, 0, 2).unsqueeze(2).unsqueeze(4);  // [B, Q, 1, L, 1, 2]
  if (references.size(-1) == 4) {
    const Tensor half_size = references.narrow(-1, 2, 2).unsqueeze(2).unsqueeze(4) / (2.0 * static_cast<double>(offsets.size(4)));
    return centre + offsets * half_size;  // in parts of the box
  }
  check(references.size(-1) == 2, "references: expected points or boxes, got {}", shape(references));
  std::vector<float> sizes;
  for (const auto& [height, width] : levels) {
    sizes.push_back(static_cast<float>(width));
    sizes.push_back(static_cast<float>(height));
  }
  return centre + offsets / torch::tensor(sizes, offsets.options()).view({-1, 1, 2});  // in cells
}

}  // namespace omma::grounding_dino
