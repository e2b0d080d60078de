#include "omma/models/grounding_dino/predictor.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "omma/base/error.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/weights.h"

namespace omma {
namespace {

constexpr std::size_t kKeptTexts = 64;
constexpr float kPoolNms = 0.7F;  // of the boxes of several prompts

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

GroundingDino load_detector(const std::filesystem::path& directory, const GroundingDinoPredictorOptions& options) {
  const auto config_file = directory / "config.json";
  const GroundingDinoConfig config = read_grounding_dino_config(read_json(config_file), config_file.string());
  const TensorFile weights = read_weights(directory);
  auto model =
      load_model<GroundingDino>(config, weights, grounding_dino_keys(config), directory.string(), {.device = options.device});
  set_dtype(*model, options.dtype);
  return model;
}

float threshold(const std::optional<float>& asked, const std::optional<double>& models, float otherwise, std::string_view name) {
  const float value = asked.value_or(static_cast<float>(models.value_or(otherwise)));
  check(value >= 0 && value <= 1, "{}: expected 0 to 1, got {}", name, value);
  return value;
}

// CXCYWH in 0..1 to pixels, clipped to the picture.
Box pixel_box(const float* box, const Image& image) {
  const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
  return {.x0 = std::clamp((box[0] - box[2] / 2) * width, 0.F, width),
          .y0 = std::clamp((box[1] - box[3] / 2) * height, 0.F, height),
          .x1 = std::clamp((box[0] + box[2] / 2) * width, 0.F, width),
          .y1 = std::clamp((box[1] + box[3] / 2) * height, 0.F, height)};
}

void suppress(std::vector<Detection>& detections, float iou) {
  std::vector<Box> boxes;
  std::vector<float> scores;
  for (const Detection& detection : detections) {
    boxes.push_back(detection.box);
    scores.push_back(detection.score);
  }
  std::vector<Detection> kept;
  for (const int index : non_maximum_suppression(boxes, scores, iou))
    kept.push_back(std::move(detections[static_cast<std::size_t>(index)]));
  detections = std::move(kept);
}

void sort_by_score(std::vector<Detection>& detections) {
  std::stable_sort(detections.begin(), detections.end(), [](const Detection& a, const Detection& b) { return a.score > b.score; });
}

}  // namespace

GroundingDinoPredictor::GroundingDinoPredictor(const std::filesystem::path& directory, const GroundingDinoPredictorOptions& options)
    : GroundingDinoPredictor(load_detector(directory, options), Tokenizer::from_directory(directory),
                             ImageProcessor::from_directory(directory)) {}

GroundingDinoPredictor::GroundingDinoPredictor(GroundingDino model, Tokenizer tokenizer, ImageProcessor processor)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), processor_(std::move(processor)) {
  const int64_t rows = model_->config().text_config.vocab_size;
  check(tokenizer_.largest_id() < rows, "tokenizer: has ids up to {}, the model's vocabulary has {}", tokenizer_.largest_id(),
        rows);
}

std::vector<DetectionResult> GroundingDinoPredictor::detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                                            const DetectionOptions& options) {
  const c10::InferenceMode inference;
  check(prompt.phrases.empty() == prompt.caption.has_value(), "detection prompt: expected phrases or a caption, one of the two");
  check(!options.nms || (*options.nms >= 0 && *options.nms <= 1), "nms: expected 0 to 1, got {}", *options.nms);
  std::vector<DetectionResult> results(images.size());
  for (const Batch& batch : prepare(images, results)) {
    if (prompt.caption)
      detect_caption(batch, images, caption_prompt(tokenizer_, *prompt.caption, limits()), options, results);
    else
      detect_phrases(batch, images, prompt, options, results);
  }
  return results;
}

std::vector<GroundingDinoPredictor::Batch> GroundingDinoPredictor::prepare(std::span<const Image> images,
                                                                           std::vector<DetectionResult>& results) const {
  std::map<std::pair<int64_t, int64_t>, std::vector<std::pair<std::size_t, Tensor>>> by_size;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto started = Clock::now();
    Tensor pixels = processor_(images[i], at::get_num_threads());
    results[i].timing.preprocess = milliseconds(started, Clock::now());
    by_size[{pixels.size(1), pixels.size(2)}].emplace_back(i, std::move(pixels));
  }
  const Tensor weight = model_->parameters().front();
  std::vector<Batch> batches;
  for (const auto& [size, group] : by_size) {
    Batch& batch = batches.emplace_back();
    std::vector<Tensor> pixels;
    for (const auto& [index, tensor] : group) {
      batch.images.push_back(index);
      pixels.push_back(tensor);
    }
    batch.pixels = torch::stack(pixels).to(weight.device(), weight.scalar_type());
  }
  return batches;
}

const TextFeatures& GroundingDinoPredictor::encoded(const std::vector<int64_t>& ids) {
  if (const auto found = texts_.find(ids); found != texts_.end()) return found->second;
  if (texts_.size() >= kKeptTexts) texts_.clear();
  const Tensor input_ids = torch::tensor(ids, torch::kInt64).unsqueeze(0).to(model_->parameters().front().device());
  return texts_.emplace(ids, model_->encode_text(input_ids, torch::ones_like(input_ids, torch::kBool))).first->second;
}

std::pair<Tensor, Tensor> GroundingDinoPredictor::run(const Batch& batch, const std::vector<int64_t>& ids,
                                                      std::vector<DetectionResult>& results) {
  const auto started = Clock::now();
  const TextFeatures& one = encoded(ids);
  const int64_t count = batch.pixels.size(0);
  const auto repeat = [&](const Tensor& tensor) {
    std::vector<int64_t> sizes = tensor.sizes().vec();
    sizes[0] = count;
    return tensor.expand(sizes);
  };
  const TextFeatures text{.features = repeat(one.features),
                          .token_mask = repeat(one.token_mask),
                          .self_attention_mask = repeat(one.self_attention_mask),
                          .position_ids = repeat(one.position_ids)};
  Clock::time_point encoded_at = started;
  Probe probe;
  probe.see = [&](std::string_view name, const Tensor&) {
    if (name == "proposals.selection") encoded_at = Clock::now();
  };
  const GroundingDinoOutput output = model_->forward(batch.pixels, {}, text, nullptr, probe);
  Tensor scores = output.logits.to(torch::kFloat32).sigmoid().cpu().contiguous();
  Tensor boxes = output.boxes.to(torch::kFloat32).cpu().contiguous();
  const auto ended = Clock::now();
  for (const std::size_t index : batch.images) {  // the batch's time, shared out evenly
    results[index].timing.encode += milliseconds(started, encoded_at) / static_cast<double>(count);
    results[index].timing.decode += milliseconds(encoded_at, ended) / static_cast<double>(count);
  }
  return {scores, boxes};
}

void GroundingDinoPredictor::detect_phrases(const Batch& batch, std::span<const Image> images, const DetectionPrompt& prompt,
                                            const DetectionOptions& options, std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().phrase_threshold, default_threshold, "box threshold");
  const auto prompts = phrase_prompts(tokenizer_, prompt.phrases, limits());
  for (const PhrasePrompt& part : prompts) {
    const auto [scores, boxes] = run(batch, part.tokens.ids, results);
    const int64_t queries = scores.size(1), tokens = scores.size(2);
    for (std::size_t i = 0; i < batch.images.size(); ++i) {
      const float* score_row = scores.const_data_ptr<float>() + static_cast<int64_t>(i) * queries * tokens;
      const float* box_row = boxes.const_data_ptr<float>() + static_cast<int64_t>(i) * queries * 4;
      for (int64_t q = 0; q < queries; ++q, score_row += tokens, box_row += 4) {
        std::size_t best = 0;
        float best_score = -1;
        for (std::size_t p = 0; p < part.tokens.phrases.size(); ++p) {
          const auto [begin, end] = part.tokens.phrases[p];
          float sum = 0;
          for (int64_t t = begin; t < end; ++t) sum += score_row[t];
          const float mean = sum / static_cast<float>(end - begin);
          if (mean > best_score) {
            best = p;
            best_score = mean;
          }
        }
        if (!(best_score > least)) continue;
        const int phrase = part.first_phrase + static_cast<int>(best);
        results[batch.images[i]].detections.push_back({.label = prompt.phrases[static_cast<std::size_t>(phrase)],
                                                       .phrase_index = phrase,
                                                       .score = best_score,
                                                       .box = pixel_box(box_row, images[batch.images[i]])});
      }
    }
  }
  for (const std::size_t index : batch.images) {
    sort_by_score(results[index].detections);
    if (options.nms || prompts.size() > 1) suppress(results[index].detections, options.nms.value_or(kPoolNms));
  }
}

void GroundingDinoPredictor::detect_caption(const Batch& batch, std::span<const Image> images, const CaptionPrompt& prompt,
                                            const DetectionOptions& options, std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().box_threshold, default_threshold, "box threshold");
  const float least_token = threshold(options.text_threshold, model_->config().text_threshold, 0.25F, "text threshold");
  const auto [scores, boxes] = run(batch, prompt.ids, results);
  const int64_t queries = scores.size(1), tokens = scores.size(2);
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    std::vector<Detection>& detections = results[batch.images[i]].detections;
    for (int64_t q = 0; q < queries; ++q) {
      const std::span<const float> row(scores.const_data_ptr<float>() + (static_cast<int64_t>(i) * queries + q) * tokens,
                                       static_cast<std::size_t>(tokens));
      const float best = *std::ranges::max_element(row);
      if (!(best > least)) continue;
      detections.push_back(
          {.label = caption_label(prompt, row, least_token),
           .phrase_index = {},
           .score = best,
           .box = pixel_box(boxes.const_data_ptr<float>() + (static_cast<int64_t>(i) * queries + q) * 4, images[batch.images[i]])});
    }
    sort_by_score(detections);
    if (options.nms) suppress(detections, *options.nms);
  }
}

PromptLimits GroundingDinoPredictor::limits() const {
  const GroundingDinoConfig& config = model_->config();
  return {.tokens = config.max_text_len, .phrase_tokens = config.text_config.max_position_embeddings};
}

}  // namespace omma
