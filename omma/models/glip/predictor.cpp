#include "omma/models/glip/predictor.h"

#include <ATen/Parallel.h>

#include "omma/base/stopwatch.h"
#include "omma/nn/weights.h"

namespace omma::glip {
namespace {

Config read_config_of(const std::filesystem::path& directory) {
  const auto file = directory / "config.json";
  return read_model_config(read_json(file), file.string());
}

Model load_detector(const std::filesystem::path& directory, const PredictorOptions& options) {
  const TensorFile weights = read_weights(directory);
  return load_model<Model>(read_config_of(directory), weights, {}, directory.string(),
                           {.device = options.device, .dtype = options.dtype});
}

Processor read_processor(const std::filesystem::path& directory) {
  return Processor(ImageProcessor::from_directory(directory, default_processor()).config(), read_config_of(directory).size_divisor);
}

PromptRules rules_of(const Config& config) {
  return {.tokens = config.max_text_len, .phrase_tokens = config.max_text_len, .ends_with_stop = false};
}

}  // namespace

struct Predictor::EncodedPictures : Pictures {
  std::vector<Tensor> maps;
  Size padded;               // as the model saw them
  std::vector<Size> filled;  // what of that each picture is
};

Predictor::Predictor(const std::filesystem::path& directory, const PredictorOptions& options)
    : Predictor(load_detector(directory, options), Tokenizer::from_directory(directory), read_processor(directory)) {}

Predictor::Predictor(Model model, Tokenizer tokenizer, Processor processor)
    : GroundedDetector(std::move(tokenizer), rules_of(model->config()), model->config().text_config.vocab_size),
      model_(std::move(model)),
      processor_(std::move(processor)) {}

Tensor Predictor::pixels_of(const Image& image) const { return processor_(image, at::get_num_threads()); }

std::unique_ptr<GroundedDetector::Pictures> Predictor::encode(const std::vector<Tensor>& pixels, std::vector<Size> sizes) {
  auto pictures = std::make_unique<EncodedPictures>();
  pictures->maps = model_->encode_image(torch::stack(pixels).to(model_->parameters().front().device()));
  pictures->padded = {.width = static_cast<int>(pixels[0].size(2)), .height = static_cast<int>(pixels[0].size(1))};
  for (const Size& size : sizes) pictures->filled.push_back(processor_.filled_size(size));
  pictures->sizes = std::move(sizes);
  return pictures;
}

std::vector<std::vector<LevelOutput>> Predictor::run(const EncodedPictures& pictures, const std::vector<int64_t>& ids,
                                                     std::vector<DetectionResult>& results) {
  Stopwatch watch(static_cast<double>(results.size()));
  const Tensor& text = texts_.of(ids, model_->parameters().front().device(),
                                 [&](const Tensor& input_ids) { return model_->encode_text(input_ids); });
  const double encode = watch.lap();
  const auto outputs = model_->forward(pictures.maps, text.expand({std::ssize(results), -1, -1}));
  std::vector<std::vector<LevelOutput>> of_each(results.size());
  for (const LevelOutput& output : outputs) {
    const Tensor logits = output.logits.cpu(), regression = output.regression.cpu(), centerness = output.centerness.cpu();
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      of_each[i].push_back({.logits = logits[row], .regression = regression[row], .centerness = centerness[row]});
    }
  }
  const double decode = watch.lap();
  for (DetectionResult& result : results) {
    result.timing.encode += encode;
    result.timing.decode += decode;
  }
  return of_each;
}

void Predictor::find_phrases(const Pictures& pictures, const PromptTokens& prompt, const DetectionOptions& options,
                             std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().phrase_threshold, default_threshold, "box threshold");
  const auto& encoded = static_cast<const EncodedPictures&>(pictures);
  const auto outputs = run(encoded, prompt.ids, results);
  for (std::size_t i = 0; i < results.size(); ++i)
    for (const FoundBox& found :
         find_boxes(outputs[i], prompt.phrases, Aggregate::mean, model_->config(), encoded.padded, encoded.filled[i]))
      if (found.score > least)
        results[i].detections.push_back({.label = {},
                                         .phrase_index = static_cast<int>(found.name),
                                         .score = found.score,
                                         .box = in_picture(found.box, encoded.filled[i], encoded.sizes[i])});
}

void Predictor::find_words(const Pictures& pictures, const CaptionPrompt& prompt, const DetectionOptions& options,
                           std::vector<DetectionResult>& results) {
  const float least = threshold(options.box_threshold, model_->config().box_threshold, default_threshold, "box threshold");
  const float min_token = threshold(options.text_threshold, model_->config().text_threshold, 0.25F, "text threshold");
  const auto& encoded = static_cast<const EncodedPictures&>(pictures);
  const auto outputs = run(encoded, prompt.ids, results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    for (const FoundBox& found :
         find_boxes(outputs[i], prompt.sentences, Aggregate::largest, model_->config(), encoded.padded, encoded.filled[i])) {
      if (!(found.score > least)) continue;
      const Tensor scores = outputs[i][found.level].logits[found.place].sigmoid().contiguous();
      const std::span row(scores.const_data_ptr<float>(), static_cast<std::size_t>(scores.size(0)));
      results[i].detections.push_back({.label = sentence_label(prompt, prompt.sentences[found.name], row, min_token),
                                       .phrase_index = {},
                                       .score = found.score,
                                       .box = in_picture(found.box, encoded.filled[i], encoded.sizes[i])});
    }
  }
}

}  // namespace omma::glip
