#include "omma/models/sam/predictor.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/sam/automatic_masks.h"
#include "omma/models/sam/enlarged_predictor.h"
#include "omma/models/sam/key_table.h"
#include "omma/models/sam/picture_mask.h"
#include "omma/models/sam/processor.h"
#include "omma/nn/int8_linear.h"
#include "omma/nn/weights.h"

namespace omma::sam {
namespace {

constexpr std::size_t max_batch = 64;        // prompts whose masks are there together
constexpr int64_t cached_positions = 16384;  // of all prompts that are decoded together: more would not stay in the cache

Model load_sam(const std::filesystem::path& directory, const PredictorOptions& options) {
  const auto config_file = directory / "config.json";
  const Config config = read_model_config(read_json(config_file), config_file.string());
  const TensorFile weights = read_weights(directory);
  auto model = load_model<Model>(config, weights, checkpoint_keys(), directory.string(), {.device = options.device});
  expect_scales(*model, directory.string());
  const bool int8_on_cpu = config.vision_config.int8 && options.device.is_cpu();
  set_dtype(*model, options.dtype.value_or(int8_on_cpu ? dtype_beside_int8() : torch::kFloat32));
  return model;
}

ImageProcessor processor_of(const std::filesystem::path& directory) {
  const auto config_file = directory / "config.json";
  const Config config = read_model_config(read_json(config_file), config_file.string());
  return ImageProcessor::from_directory(directory, image_processor(config));
}

// Prompts that go through the decoder together: those with as many points, and with boxes and masks or without.
using Kind = std::tuple<std::size_t, bool, bool>;
const Kind single_point{1, false, false};
Kind kind_of(const SegmentationPrompt& prompt) { return {prompt.points.size(), prompt.box.has_value(), prompt.mask.has_value()}; }

Tensor float_tensor(const std::vector<float>& values, at::IntArrayRef sizes) { return torch::tensor(values).view(sizes); }

// [H, W] on the CPU.
MaskLogits logits_of(const Tensor& logits) {
  const Tensor values = logits.contiguous();
  const float* begin = values.const_data_ptr<float>();
  return {.width = static_cast<int>(values.size(1)),
          .height = static_cast<int>(values.size(0)),
          .values = std::vector<float>(begin, begin + values.numel())};
}

}  // namespace

void expect_valid(const SegmentationPrompt& prompt, int logits_side) {
  check(!prompt.points.empty() || prompt.box || prompt.mask, "prompt: expected points, a box or a mask, got none");
  for (const PointPrompt& point : prompt.points)
    check(std::isfinite(point.x) && std::isfinite(point.y), "prompt: point: expected numbers, got {}, {}", point.x, point.y);
  if (prompt.box) {
    const Box& box = *prompt.box;
    const bool finite = std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) && std::isfinite(box.y1);
    check(finite && box.x1 > box.x0 && box.y1 > box.y0, "prompt: box: expected X0 < X1 and Y0 < Y1, got {},{},{},{}", box.x0,
          box.y0, box.x1, box.y1);
  }
  if (!prompt.mask) return;
  const MaskLogits& mask = *prompt.mask;
  check(mask.width == logits_side && mask.height == logits_side && std::ssize(mask.values) == int64_t{logits_side} * logits_side,
        "prompt: mask: expected logits of {} x {}, got {} x {}", logits_side, logits_side, mask.width, mask.height);
  check(std::ranges::all_of(mask.values, [](float value) { return std::isfinite(value); }),
        "prompt: mask: expected finite numbers");
}

void expect_valid(const SegmentationOptions& options) {
  check(!options.multimask || !options.single, "segment: expected three masks or the single one, not both");
}

std::unique_ptr<Segmenter> with_enlargement(std::unique_ptr<Predictor> predictor, const Viewing& viewing) {
  if (viewing.enlargement == 1) return predictor;
  return std::make_unique<EnlargedPredictor>(std::move(predictor), viewing.enlargement);
}

std::unique_ptr<Segmenter> load_predictor(const std::filesystem::path& directory, const PredictorOptions& options,
                                          std::optional<double> enlargement) {
  Viewing viewing = read_viewing(directory);
  viewing.enlargement = enlargement.value_or(viewing.enlargement);
  return with_enlargement(std::make_unique<Predictor>(load_sam(directory, options), processor_of(directory), viewing), viewing);
}

Predictor::Predictor(const std::filesystem::path& directory, const PredictorOptions& options)
    : Predictor(load_sam(directory, options), processor_of(directory), read_viewing(directory)) {}

Predictor::Predictor(Model model, ImageProcessor processor, const Viewing& viewing)
    : model_(std::move(model)),
      processor_(std::move(processor)),
      viewing_(viewing),
      fingerprint_(fingerprint(*model_, processor_.config())) {
  const int side = static_cast<int>(model_->config().image_size());
  const auto size = processor_.config().fixed_size();
  check(size && size->width == side && size->height == side, "preprocessor_config.json: expected pictures of the model's {} x {}",
        side, side);
}

std::shared_ptr<const Embedding> Predictor::encode(const Image& image, Timing& timing) {
  const c10::InferenceMode inference;
  Stopwatch watch;
  const Tensor pixels = processor_(image, at::get_num_threads()).unsqueeze(0);
  timing.preprocess = watch.lap();
  const Tensor weight = model_->mask_decoder->parameters().front();
  auto embedding = std::make_shared<Embedding>();
  embedding->map = model_->encode_image(pixels.to(weight.device(), weight.scalar_type()));
  embedding->size = {.width = image.width, .height = image.height};
  embedding->picture = picture_checksum(image);
  embedding->model = fingerprint_;
  timing.encode = watch.lap();
  return embedding;
}

std::shared_ptr<const ImageEmbedding> Predictor::encode_image(const Image& image) {
  Timing timing;
  return encode(image, timing);
}

const Embedding& Predictor::own(const ImageEmbedding& image) const {
  const auto* embedding = dynamic_cast<const Embedding*>(&image);
  check(embedding != nullptr && embedding->model == fingerprint_, "image embedding: expected one that this segmenter made");
  return *embedding;
}

// From the picture's pixels to those of the model's frame.
Prompts Predictor::tensors_of(std::span<const SegmentationPrompt* const> prompts, const Embedding& embedding) const {
  const Size filled = processor_.filled_size(embedding.size);
  const float scale_x = static_cast<float>(filled.width) / static_cast<float>(embedding.size.width);
  const float scale_y = static_cast<float>(filled.height) / static_cast<float>(embedding.size.height);
  const auto count = static_cast<int64_t>(prompts.size());
  std::vector<float> points, boxes;
  std::vector<int64_t> labels;
  std::vector<Tensor> masks;
  for (const SegmentationPrompt* prompt : prompts) {
    for (const PointPrompt& point : prompt->points) {
      points.insert(points.end(), {point.x * scale_x, point.y * scale_y});
      labels.push_back(point.foreground ? 1 : 0);
    }
    if (prompt->box) {
      const Box& box = *prompt->box;
      boxes.insert(boxes.end(), {box.x0 * scale_x, box.y0 * scale_y, box.x1 * scale_x, box.y1 * scale_y});
    }
    if (prompt->mask) masks.push_back(float_tensor(prompt->mask->values, {1, prompt->mask->height, prompt->mask->width}));
  }
  const torch::Device device = embedding.map.device();
  Prompts tensors;
  if (!labels.empty()) {
    tensors.points = float_tensor(points, {count, -1, 2}).to(device);
    tensors.labels = torch::tensor(labels).view({count, -1}).to(device);
  }
  if (!boxes.empty()) tensors.boxes = float_tensor(boxes, {count, 4}).to(device);
  if (!masks.empty()) tensors.masks = torch::stack(masks).to(device);
  return tensors;
}

const DecoderImage& Predictor::prepared(const Embedding& embedding) {
  if (!prepared_map_.is_same(embedding.map)) {
    prepared_ = model_->prepare(embedding.map);
    prepared_map_ = embedding.map;
  }
  return prepared_;
}

DecodedMasks Predictor::decode(const Embedding& embedding, std::span<const SegmentationPrompt* const> prompts) {
  const c10::InferenceMode inference;
  const int64_t positions = model_->config().grid() * model_->config().grid();
  const auto step = static_cast<std::size_t>(std::max<int64_t>(1, cached_positions / positions));
  std::vector<Tensor> logits, iou;
  for (std::size_t begin = 0; begin < prompts.size(); begin += step) {
    const auto some = prompts.subspan(begin, std::min(step, prompts.size() - begin));
    const Prompts tensors = tensors_of(some, embedding);
    const DecodedMasks masks =
        tensors.masks.defined() ? model_(embedding.map, tensors) : model_->decode(prepared(embedding), tensors);
    logits.push_back(masks.logits.cpu());
    iou.push_back(masks.iou.cpu());
  }
  return {.logits = torch::cat(logits), .iou = torch::cat(iou)};
}

SegmentedMask Predictor::to_picture(const Tensor& logits, float predicted_iou, const Embedding& embedding,
                                    float stability_offset) const {
  const Tensor values = logits.contiguous();
  const FrameGeometry geometry{.side = static_cast<int>(model_->config().image_size()),
                               .filled = processor_.filled_size(embedding.size),
                               .picture = embedding.size};
  const std::span<const float> all(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()));
  SegmentedMask mask = picture_mask(all, logits_side(), geometry, stability_offset);
  mask.predicted_iou = predicted_iou;
  return mask;
}

// The single mask of a prompt, the best of the others, or all others.
std::vector<SegmentedMask> Predictor::chosen(const DecodedMasks& masks, int64_t prompt, const Embedding& embedding,
                                             bool best_of_many, const SegmentationOptions& options) const {
  const Tensor iou = masks.iou[prompt];
  const int64_t many = iou.size(0) - 1;
  int64_t first = 0, count = 1;
  if (options.multimask)
    first = 1, count = many;
  else if (best_of_many)
    first = 1 + iou.narrow(0, 1, many).argmax().item<int64_t>();
  std::vector<SegmentedMask> results;
  for (int64_t i = first; i < first + count; ++i) {
    const Tensor logits = masks.logits[prompt][i];
    results.push_back(to_picture(logits, iou[i].item<float>(), embedding));
    if (options.logits) results.back().logits = logits_of(logits);
  }
  return results;
}

SegmentationResult Predictor::segment_encoded(const ImageEmbedding& image, std::span<const SegmentationPrompt> prompts,
                                              const SegmentationOptions& options) {
  const c10::InferenceMode inference;
  const Embedding& embedding = own(image);
  check(!prompts.empty(), "segment: expected at least one prompt");
  for (const SegmentationPrompt& prompt : prompts) expect_valid(prompt, logits_side());
  expect_valid(options);
  Stopwatch watch;
  SegmentationResult result;
  result.objects.resize(prompts.size());
  std::map<Kind, std::vector<std::size_t>> kinds;
  for (std::size_t i = 0; i < prompts.size(); ++i) kinds[kind_of(prompts[i])].push_back(i);
  for (const auto& [kind, places] : kinds) {
    for (std::size_t begin = 0; begin < places.size(); begin += max_batch) {
      const std::span batch = std::span(places).subspan(begin, std::min(max_batch, places.size() - begin));
      std::vector<const SegmentationPrompt*> group;
      for (const std::size_t place : batch) group.push_back(&prompts[place]);
      const DecodedMasks masks = decode(embedding, group);
      for (std::size_t i = 0; i < batch.size(); ++i)
        result.objects[batch[i]] =
            chosen(masks, static_cast<int64_t>(i), embedding, kind == single_point && !options.single, options);
    }
  }
  result.timing.decode = watch.lap();
  return result;
}

SegmentationResult Predictor::segment(const Image& image, std::span<const SegmentationPrompt> prompts,
                                      const SegmentationOptions& options) {
  Timing timing;
  const auto embedding = encode(image, timing);
  SegmentationResult result = segment_encoded(*embedding, prompts, options);
  timing.decode = result.timing.decode;
  result.timing = timing;
  return result;
}

AutomaticMaskResult Predictor::segment_everything(const Image& image, const AutomaticMaskOptions& options,
                                                  const std::function<void(std::int64_t, std::int64_t)>& progress) {
  return generate_masks(*this, image, options, progress);
}

void Predictor::save_embedding(const ImageEmbedding& embedding, const std::filesystem::path& file) {
  write_embedding(file, own(embedding));
}

std::shared_ptr<const ImageEmbedding> Predictor::load_embedding(const std::filesystem::path& file, const Image& image) {
  const Tensor weight = model_->mask_decoder->parameters().front();
  auto embedding = std::make_shared<Embedding>(read_embedding(file, image, fingerprint_, weight.scalar_type()));
  const Config& config = model_->config();
  const std::vector<int64_t> expected{1, config.channels(), config.grid(), config.grid()};
  check(embedding->map.sizes() == at::IntArrayRef(expected), "{}: embedding: expected [1, {}, {}, {}], got {}", file.string(),
        expected[1], expected[2], expected[3], shape(embedding->map));
  embedding->map = embedding->map.to(weight.device());
  return embedding;
}

}  // namespace omma::sam
