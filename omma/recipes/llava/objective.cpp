#include "omma/recipes/llava/objective.h"

#include <ATen/ops/cross_entropy_loss.h>

#include <algorithm>

#include "omma/train/frozen.h"

namespace omma {
namespace {

// [F, C] of all pictures, one after another; undefined without pictures.
Tensor features_of(Llava& model, const std::vector<LlavaViews>& pictures) {
  if (pictures.empty()) return {};
  const Tensor& weight = model->multi_modal_projector->linear_1->weight;
  std::vector<Tensor> views, features;
  std::vector<int64_t> counts;
  for (const LlavaViews& picture : pictures) {
    views.push_back(picture.pixels);
    counts.push_back(picture.pixels.size(0));
  }
  const Tensor pixels = torch::cat(views).to(weight.device(), weight.scalar_type());
  const Tensor seen = [&] {
    const torch::AutoGradMode gradients(torch::GradMode::is_enabled() && !is_frozen(*model->vision_tower));
    return model->look_at(pixels);
  }();
  const std::vector<Tensor> tokens = model->project(seen).split_with_sizes(counts);
  for (std::size_t i = 0; i < pictures.size(); ++i) features.push_back(model->arrange(tokens[i], pictures[i].parts_of));
  return torch::cat(features);
}

}  // namespace

bool expand(DialogueTokens& tokens, int64_t image_token, int64_t tokens_of_picture, int64_t max_tokens) {
  const auto resize = [&](int64_t length) {
    tokens.ids.resize(static_cast<std::size_t>(length));
    tokens.is_learned.resize(static_cast<std::size_t>(length));
  };
  const auto place = std::ranges::find(tokens.ids, image_token);
  if (place != tokens.ids.end()) {
    const auto at = place - tokens.ids.begin();
    if (at + tokens_of_picture > max_tokens) {
      resize(std::min<int64_t>(at, max_tokens));
      return false;
    }
    const auto more = static_cast<std::size_t>(tokens_of_picture - 1);
    tokens.ids.insert(place, more, image_token);
    tokens.is_learned.insert(tokens.is_learned.begin() + at, more, 0);
  }
  resize(std::min(max_tokens, std::ssize(tokens.ids)));
  return true;
}

LlavaBatch collate(std::span<const LlavaSample> samples, int64_t padding) {
  LlavaBatch batch;
  std::size_t longest = 0;
  for (const LlavaSample& sample : samples) longest = std::max(longest, sample.tokens.ids.size());
  const int64_t rows = std::ssize(samples), length = static_cast<int64_t>(longest);
  batch.ids = torch::full({rows, length}, padding, torch::kLong);
  std::vector<int64_t> positions, targets;
  for (int64_t row = 0; row < rows; ++row) {
    const LlavaSample& sample = samples[static_cast<std::size_t>(row)];
    const std::vector<int64_t>& ids = sample.tokens.ids;
    batch.ids[row].narrow(0, 0, std::ssize(ids)).copy_(torch::tensor(ids, torch::kLong));
    if (sample.picture) batch.pictures.push_back(*sample.picture);
    for (std::size_t i = 1; i < ids.size(); ++i) {
      if (sample.tokens.is_learned[i] == 0) continue;
      positions.push_back(row * length + static_cast<int64_t>(i) - 1);
      targets.push_back(ids[i]);
    }
  }
  batch.positions = torch::tensor(positions, torch::kLong);
  batch.targets = torch::tensor(targets, torch::kLong);
  return batch;
}

Tensor learned_logits(Llava& model, const LlavaBatch& batch) {
  LlamaForCausalLM& language_model = model->language_model;
  const torch::Device device = language_model->options().device();
  const Tensor embeddings = model->embed(batch.ids.to(device), features_of(model, batch.pictures));   // [B, T, C]
  const Tensor hidden = language_model->model(CausalInput{.embeddings = embeddings, .padding = {}});  // [B, T, C]
  return language_model->logits(hidden.flatten(0, 1).index_select(0, batch.positions.to(device))).to(torch::kFloat32);
}

Tensor language_loss(Llava& model, const LlavaBatch& batch) {
  if (batch.targets.size(0) == 0) return nothing_to_learn(*model);
  const Tensor logits = learned_logits(model, batch);
  return at::cross_entropy_loss(logits, batch.targets.to(logits.device()));
}

}  // namespace omma
