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

constexpr std::size_t kKeptTexts = 64;
constexpr float kPoolNms = 0.7F;  // of the boxes of several prompts

Model load_detector(const std::filesystem::path& directory, const PredictorOptions& options) {
  const auto config_file = directory / "config.json";
  const Config config = read_model_config(read_json(config_file), config_file.string());
  const TensorFile weights = read_weights(directory);
  auto model = load_model<Model>(config, weights, checkpoint_keys(config), directory.string(), {.device = options.device});
  set_dtype(*model, options.dtype);
  return model;
}

float threshold(const std::optional<float>& asked, const std::optional<double>& models, float otherwise, std::string_view name) {
  const float value = asked.value_or(static_cast<float>(models.value_or(otherwise)));
  check(value >= 0 && value <= 1, "{}: expected 0 to 1, got {}", name, value);
  return value;
}

// CXCYWH in 0..1 to pixels, clipped to the picture.
Box pixel_box(const float* box, Size size) {
  const auto width = static_cast<float>(size.width), height = static_cast<float>(size.height);
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

void expect_valid(const DetectionPrompt& prompt, const DetectionOptions& options) {
  check(prompt.phrases.empty() == prompt.caption.has_value(), "detection prompt: expected phrases or a caption, one of the two");
  check(!options.nms || (*options.nms >= 0 && *options.nms <= 1), "nms: expected 0 to 1, got {}", *options.nms);
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

}  // namespace

struct Predictor::Embedding : ImageEmbedding {
  Model model;  // whose it is
  EncodedImages image;
  Embedding(Model of, EncodedImages one) : model(std::move(of)), image(std::move(one)) {}
};

Predictor::Predictor(const std::filesystem::path& directory, const PredictorOptions& options)
    : Predictor(load_detector(directory, options), Tokenizer::from_directory(directory),
                ImageProcessor::from_directory(directory)) {}

Predictor::Predictor(Model model, Tokenizer tokenizer, ImageProcessor processor)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), processor_(std::move(processor)) {
  const int64_t rows = model_->config().text_config.vocab_size;
  check(tokenizer_.largest_id() < rows, "tokenizer: has ids up to {}, the model's vocabulary has {}", tokenizer_.largest_id(),
        rows);
}

std::vector<DetectionResult> Predictor::detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                               const DetectionOptions& options) {
  const c10::InferenceMode inference;
  expect_valid(prompt, options);
  struct Group {
    std::vector<std::size_t> places;  // among all
    std::vector<Tensor> pixels;       // [3, H, W]
    std::vector<Size> sizes;
  };
  std::map<std::pair<int64_t, int64_t>, Group> groups;  // by what the processor makes of them
  std::vector<DetectionResult> results(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    Stopwatch watch;
    const Tensor pixels = processor_(images[i], at::get_num_threads());
    results[i].timing.preprocess = watch.lap();
    Group& group = groups[{pixels.size(1), pixels.size(2)}];
    group.places.push_back(i);
    group.pixels.push_back(pixels);
    group.sizes.push_back({.width = images[i].width, .height = images[i].height});
  }
  for (auto& [size, group] : groups) {
    const EncodedImages encoded = encode(group.pixels, std::move(group.sizes));
    auto answers = ask(encoded, prompt, options);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      answers[i].timing.preprocess = results[group.places[i]].timing.preprocess;
      answers[i].timing.encode += encoded.encode;
      results[group.places[i]] = std::move(answers[i]);
    }
  }
  return results;
}

std::shared_ptr<const ImageEmbedding> Predictor::encode_image(const Image& image) {
  const c10::InferenceMode inference;
  const Size size{.width = image.width, .height = image.height};
  return std::make_shared<Embedding>(model_, encode({processor_(image, at::get_num_threads())}, {size}));
}

DetectionResult Predictor::detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                          const DetectionOptions& options) {
  const c10::InferenceMode inference;
  expect_valid(prompt, options);
  const auto* embedding = dynamic_cast<const Embedding*>(&image);
  check(embedding != nullptr && embedding->model.ptr() == model_.ptr(), "image embedding: expected one that this detector made");
  return std::move(ask(embedding->image, prompt, options).front());
}

Predictor::EncodedImages Predictor::encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) {
  Stopwatch watch(static_cast<double>(pixels.size()));
  const Tensor weight = model_->parameters().front();
  const Tensor values = torch::stack(pixels).to(weight.device(), weight.scalar_type());
  const Tensor mask = pixel_mask(sizes, values.size(2), values.size(3));
  VisionFeatures features = model_->encode_image(values, mask.defined() ? mask.to(weight.device()) : mask);
  return {.features = std::move(features), .sizes = std::move(sizes), .encode = watch.lap()};
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

const TextFeatures& Predictor::encoded(const std::vector<int64_t>& ids) {
  if (const auto found = texts_.find(ids); found != texts_.end()) return found->second;
  if (texts_.size() >= kKeptTexts) texts_.clear();
  const Tensor input_ids = torch::tensor(ids, torch::kInt64).unsqueeze(0).to(model_->parameters().front().device());
  return texts_.emplace(ids, model_->encode_text(input_ids, torch::ones_like(input_ids, torch::kBool))).first->second;
}

std::vector<DetectionResult> Predictor::ask(const EncodedImages& images, const DetectionPrompt& prompt,
                                            const DetectionOptions& options) {
  std::vector<DetectionResult> results(images.sizes.size());
  if (prompt.caption)
    ask_caption(images, caption_prompt(tokenizer_, *prompt.caption, limits()), options, results);
  else
    ask_phrases(images, prompt, options, results);
  return results;
}

std::pair<Tensor, Tensor> Predictor::run(const EncodedImages& images, const std::vector<int64_t>& ids,
                                         std::vector<DetectionResult>& results) {
  Stopwatch watch(static_cast<double>(results.size()));
  const TextFeatures text = repeat(encoded(ids), std::ssize(results));
  double encode = 0;
  Probe probe;
  probe.see = [&](std::string_view name, const Tensor&) {
    if (name == "proposals.selection") encode = watch.lap();
  };
  const Output output = model_->forward(images.features, text, nullptr, probe);
  Tensor scores = output.logits.to(torch::kFloat32).sigmoid().cpu().contiguous();
  Tensor boxes = output.boxes.to(torch::kFloat32).cpu().contiguous();
  const double decode = watch.lap();
  for (DetectionResult& result : results) {
    result.timing.encode += encode;
    result.timing.decode += decode;
  }
  return {scores, boxes};
}

void Predictor::ask_phrases(const EncodedImages& images, const DetectionPrompt& prompt, const DetectionOptions& options,
                            std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().phrase_threshold, default_threshold, "box threshold");
  const auto prompts = phrase_prompts(tokenizer_, prompt.phrases, limits());
  for (const PhrasePrompt& part : prompts) {
    const auto [scores, boxes] = run(images, part.tokens.ids, results);
    const int64_t queries = scores.size(1), tokens = scores.size(2);
    const float *score_row = scores.const_data_ptr<float>(), *box_row = boxes.const_data_ptr<float>();
    for (std::size_t i = 0; i < results.size(); ++i) {
      for (int64_t q = 0; q < queries; ++q, score_row += tokens, box_row += 4) {
        const auto [best, score] = best_phrase(part.tokens, score_row);
        if (!(score > least)) continue;
        const std::size_t phrase = static_cast<std::size_t>(part.first_phrase) + best;
        results[i].detections.push_back({.label = prompt.phrases[phrase],
                                         .phrase_index = static_cast<int>(phrase),
                                         .score = score,
                                         .box = pixel_box(box_row, images.sizes[i])});
      }
    }
  }
  for (DetectionResult& result : results) {
    sort_by_score(result.detections);
    if (options.nms || prompts.size() > 1) suppress(result.detections, options.nms.value_or(kPoolNms));
  }
}

void Predictor::ask_caption(const EncodedImages& images, const CaptionPrompt& prompt, const DetectionOptions& options,
                            std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().box_threshold, default_threshold, "box threshold");
  const float min_token = threshold(options.text_threshold, model_->config().text_threshold, 0.25F, "text threshold");
  const auto [scores, boxes] = run(images, prompt.ids, results);
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
                                       .box = pixel_box(box_row, images.sizes[i])});
    }
    sort_by_score(results[i].detections);
    if (options.nms) suppress(results[i].detections, *options.nms);
  }
}

PromptLimits Predictor::limits() const {
  const Config& config = model_->config();
  return {.tokens = config.max_text_len, .phrase_tokens = config.text_config.max_position_embeddings};
}

}  // namespace omma::grounding_dino
