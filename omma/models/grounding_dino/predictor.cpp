#include "omma/models/grounding_dino/predictor.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/grounding_dino/key_table.h"
#include "omma/nn/weights.h"

namespace omma::grounding_dino {
namespace {

Model load_detector(const std::filesystem::path& directory, const PredictorOptions& options) {
  const auto config_file = directory / "config.json";
  const Config config = read_model_config(read_json(config_file), config_file.string());
  const TensorFile weights = read_weights(directory);
  auto model = load_model<Model>(config, weights, checkpoint_keys(config), directory.string(), {.device = options.device});
  set_dtype(*model, options.dtype);
  return model;
}

// CXCYWH in 0..1 to pixels, clipped to the picture.
Box pixel_box(const float* box, Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  return {.x0 = std::clamp((box[0] - box[2] / 2) * width, 0.F, width),
          .y0 = std::clamp((box[1] - box[3] / 2) * height, 0.F, height),
          .x1 = std::clamp((box[0] + box[2] / 2) * width, 0.F, width),
          .y1 = std::clamp((box[1] + box[3] / 2) * height, 0.F, height)};
}

// A prompt for each of `count` pictures.
TextFeatures repeat(const TextFeatures& text, int64_t count) {
  const auto rows = [&](const Tensor& tensor) {
    std::vector<int64_t> sizes = tensor.sizes().vec();
    sizes[0] = count;
    return tensor.expand(sizes);
  };
  return {.features = rows(text.features),
          .token_mask = rows(text.token_mask),
          .self_attention_mask = rows(text.self_attention_mask),
          .position_ids = rows(text.position_ids)};
}

// The phrase whose tokens have the highest mean probability, and that mean.
std::pair<std::size_t, float> best_phrase(const PromptTokens& prompt, const float* scores) {
  std::pair<std::size_t, float> best{0, -1.F};
  for (std::size_t p = 0; p < prompt.phrases.size(); ++p) {
    const auto [begin, end] = prompt.phrases[p];
    const float mean = std::accumulate(scores + begin, scores + end, 0.F) / static_cast<float>(end - begin);
    if (mean > best.second) best = {p, mean};
  }
  return best;
}

PromptRules rules_of(const Config& config) {
  return {.tokens = config.max_text_len, .phrase_tokens = config.text_config.max_position_embeddings};
}

}  // namespace

struct Predictor::EncodedPictures : Pictures {
  VisionFeatures features;
};

Predictor::Predictor(const std::filesystem::path& directory, const PredictorOptions& options)
    : Predictor(load_detector(directory, options), Tokenizer::from_directory(directory),
                ImageProcessor::from_directory(directory)) {}

Predictor::Predictor(Model model, Tokenizer tokenizer, ImageProcessor processor)
    : GroundedDetector(std::move(tokenizer), rules_of(model->config()), model->config().text_config.vocab_size),
      model_(std::move(model)),
      processor_(std::move(processor)) {}

Tensor Predictor::pixels_of(const Image& image) const { return processor_(image, at::get_num_threads()); }

std::unique_ptr<GroundedDetector::Pictures> Predictor::encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) {
  const Tensor weight = model_->parameters().front();
  const Tensor values = torch::stack(pixels).to(weight.device(), weight.scalar_type());
  const Tensor mask = pixel_mask(sizes, values.size(2), values.size(3));
  auto pictures = std::make_unique<EncodedPictures>();
  pictures->features = model_->encode_image(values, mask.defined() ? mask.to(weight.device()) : mask);
  pictures->sizes = std::move(sizes);
  return pictures;
}

// [B, H, W] bool; undefined where the processor pads nothing.
Tensor Predictor::pixel_mask(const std::vector<Size>& sizes, int64_t height, int64_t width) const {
  Tensor mask = torch::zeros({std::ssize(sizes), height, width}, torch::kBool);
  for (int64_t i = 0; i < std::ssize(sizes); ++i) {
    const Size filled = processor_.filled_size(sizes[static_cast<std::size_t>(i)]);
    mask[i].narrow(0, 0, filled.height).narrow(1, 0, filled.width).fill_(true);
  }
  return mask.all().item<bool>() ? Tensor() : mask;
}

std::pair<Tensor, Tensor> Predictor::run(const Pictures& pictures, const std::vector<int64_t>& ids,
                                         std::vector<DetectionResult>& results) {
  Stopwatch watch(static_cast<double>(results.size()));
  const TextFeatures& encoded = texts_.of(ids, model_->parameters().front().device(), [&](const Tensor& input_ids) {
    return model_->encode_text(input_ids, torch::ones_like(input_ids, torch::kBool));
  });
  const TextFeatures text = repeat(encoded, std::ssize(results));
  double encode = 0;
  Probe probe;
  probe.see = [&](std::string_view name, const Tensor&) {
    if (name == "proposals.selection") encode = watch.lap();
  };
  const Output output = model_->forward(static_cast<const EncodedPictures&>(pictures).features, text, nullptr, probe);
  Tensor scores = output.logits.to(torch::kFloat32).sigmoid().cpu().contiguous();
  Tensor boxes = output.boxes.to(torch::kFloat32).cpu().contiguous();
  const double decode = watch.lap();
  for (DetectionResult& result : results) {
    result.timing.encode += encode;
    result.timing.decode += decode;
  }
  return {scores, boxes};
}

void Predictor::find_phrases(const Pictures& pictures, const PromptTokens& prompt, const DetectionOptions& options,
                             std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().phrase_threshold, default_threshold, "box threshold");
  const auto [scores, boxes] = run(pictures, prompt.ids, results);
  const int64_t queries = scores.size(1), tokens = scores.size(2);
  const float *score_row = scores.const_data_ptr<float>(), *box_row = boxes.const_data_ptr<float>();
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (int64_t q = 0; q < queries; ++q, score_row += tokens, box_row += 4) {
      const auto [best, score] = best_phrase(prompt, score_row);
      if (!(score > least)) continue;
      results[i].detections.push_back(
          {.label = {}, .phrase_index = static_cast<int>(best), .score = score, .box = pixel_box(box_row, pictures.sizes[i])});
    }
  }
}

void Predictor::find_words(const Pictures& pictures, const CaptionPrompt& prompt, const DetectionOptions& options,
                           std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().box_threshold, default_threshold, "box threshold");
  const float min_token = threshold(options.text_threshold, model_->config().text_threshold, 0.25F, "text threshold");
  const auto [scores, boxes] = run(pictures, prompt.ids, results);
  const int64_t queries = scores.size(1), tokens = scores.size(2);
  const float *score_row = scores.const_data_ptr<float>(), *box_row = boxes.const_data_ptr<float>();
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (int64_t q = 0; q < queries; ++q, score_row += tokens, box_row += 4) {
      const std::span row(score_row, static_cast<std::size_t>(tokens));
      const float best = *std::ranges::max_element(row);
      if (!(best > least)) continue;
      results[i].detections.push_back({.label = caption_label(prompt, row, min_token),
                                       .phrase_index = {},
                                       .score = best,
                                       .box = pixel_box(box_row, pictures.sizes[i])});
    }
  }
}

}  // namespace omma::grounding_dino
