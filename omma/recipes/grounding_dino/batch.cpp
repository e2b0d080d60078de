#include "omma/recipes/grounding_dino/batch.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma::grounding_dino {
namespace {

void add_pictures(const std::vector<TrainingSample>& samples, TrainingBatch& batch) {
  int width = 0, height = 0;
  bool one_size = true;
  for (const TrainingSample& sample : samples) {
    width = std::max(width, sample.image.width);
    height = std::max(height, sample.image.height);
    one_size = one_size && sample.image.width == samples[0].image.width && sample.image.height == samples[0].image.height;
  }
  const auto count = static_cast<int64_t>(samples.size());
  batch.pixels = torch::zeros({count, 3, height, width});
  if (!one_size) batch.pixel_mask = torch::zeros({count, height, width}, torch::kBool);
  for (int64_t i = 0; i < count; ++i) {
    const Image& image = samples[static_cast<std::size_t>(i)].image;
    batch.pixels[i].slice(1, 0, image.height).slice(2, 0, image.width).copy_(to_tensor(image));
    if (!one_size) batch.pixel_mask[i].slice(0, 0, image.height).slice(1, 0, image.width).fill_(true);
  }
}

void add_targets(const std::vector<TrainingSample>& samples, const std::vector<PromptTokens>& prompts, int64_t tokens,
                 Targets& targets) {
  int64_t boxes = 0;
  std::size_t phrases = 1;
  for (const TrainingSample& sample : samples) {
    targets.counts.push_back(static_cast<int64_t>(sample.boxes.size()));
    targets.phrase_counts.push_back(static_cast<int64_t>(sample.phrases.size()));
    boxes += targets.counts.back();
    phrases = std::max(phrases, sample.phrases.size());
  }
  targets.boxes = torch::zeros({boxes, 4});
  targets.tokens = torch::zeros({boxes, tokens});
  targets.phrase_tokens = torch::zeros({static_cast<int64_t>(samples.size()), static_cast<int64_t>(phrases), tokens});
  float* box_row = targets.boxes.mutable_data_ptr<float>();
  float* token_row = targets.tokens.mutable_data_ptr<float>();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    float* phrase_row = targets.phrase_tokens[static_cast<int64_t>(i)].mutable_data_ptr<float>();
    for (const auto& [begin, end] : prompts[i].phrases) {
      std::fill(phrase_row + begin, phrase_row + end, 1.F);
      phrase_row += tokens;
    }
    const auto width = static_cast<float>(samples[i].image.width), height = static_cast<float>(samples[i].image.height);
    for (std::size_t j = 0; j < samples[i].boxes.size(); ++j, box_row += 4, token_row += tokens) {
      const Box& box = samples[i].boxes[j];
      box_row[0] = (box.x0 + box.x1) / (2 * width);
      box_row[1] = (box.y0 + box.y1) / (2 * height);
      box_row[2] = box.width() / width;
      box_row[3] = box.height() / height;
      for (const int phrase : samples[i].phrases_of[j]) {
        const auto [begin, end] = prompts[i].phrases[static_cast<std::size_t>(phrase)];
        std::fill(token_row + begin, token_row + end, 1.F);
      }
    }
  }
}

}  // namespace

TrainingBatch make_batch(const std::vector<TrainingSample>& samples, const Tokenizer& tokenizer, int64_t max_tokens) {
  check(!samples.empty(), "training batch: expected at least one sample");
  TrainingBatch batch;
  add_pictures(samples, batch);
  std::vector<PromptTokens> prompts;
  int64_t tokens = 0;
  for (const TrainingSample& sample : samples) {
    prompts.push_back(tokenize_prompt(tokenizer, sample.phrases));
    tokens = std::max(tokens, static_cast<int64_t>(prompts.back().ids.size()));
  }
  check(tokens <= max_tokens, "training batch: a prompt has {} tokens, the model takes {}", tokens, max_tokens);
  const auto count = static_cast<int64_t>(samples.size());
  batch.input_ids = torch::zeros({count, tokens}, torch::kInt64);
  batch.attention_mask = torch::zeros({count, tokens}, torch::kBool);
  for (int64_t i = 0; i < count; ++i) {
    const std::vector<int64_t>& ids = prompts[static_cast<std::size_t>(i)].ids;
    std::copy(ids.begin(), ids.end(), batch.input_ids.mutable_data_ptr<int64_t>() + i * tokens);
    batch.attention_mask[i].slice(0, 0, static_cast<int64_t>(ids.size())).fill_(true);
  }
  add_targets(samples, prompts, tokens, batch.targets);
  return batch;
}

}  // namespace omma::grounding_dino
