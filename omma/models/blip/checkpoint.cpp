#include "omma/models/blip/checkpoint.h"

#include <ATen/Parallel.h>

#include "omma/base/error.h"
#include "omma/nn/model_directory.h"

namespace omma {

Tensor BlipCheckpoint::pixels(std::span<const Image> images) const {
  check(!images.empty(), "blip: expected at least one picture");
  std::vector<Tensor> pictures;
  for (const Image& image : images) pictures.push_back(processor(image, at::get_num_threads()));
  return torch::stack(pictures).to(device(), model->parameters().front().scalar_type());
}

torch::Device BlipCheckpoint::device() const { return model->parameters().front().device(); }

GenerationSettings BlipCheckpoint::settings(const GenerationOptions& options, int64_t prompt_tokens) const {
  const BlipTextConfig& text = model->config().text_config;
  GenerationSettings settings = settings_of(generation, options, prompt_tokens, default_length);
  settings.eos = {text.sep_token_id};  // the generation_config.json of published BLIPs names a token that they never write
  return within_context(std::move(settings), prompt_tokens, text.max_position_embeddings);
}

KeyTable blip_keys() {
  KeyTable table;
  table.ignored = {"text_encoder.embeddings.position_ids", "text_decoder.bert.embeddings.position_ids"};
  table.rules = {{"text_decoder.cls.predictions.decoder.weight", {"text_decoder.bert.embeddings.word_embeddings.weight"}},
                 {"text_decoder.cls.predictions.decoder.bias", {"text_decoder.cls.predictions.bias"}}};
  return table;
}

BlipCheckpoint load_blip(const std::filesystem::path& directory, const BlipOptions& options) {
  const auto file = directory / "config.json";
  const BlipConfig config = read_blip_config(read_json(file), file.string());
  const TensorFile weights = read_weights(directory);
  BlipCheckpoint checkpoint{
      .model = load_model<Blip>(config, weights, blip_keys(), directory.string(),
                                {.device = options.device, .dtype = options.dtype, .for_decoding = config.parts().decoder}),
      .tokenizer = Tokenizer::from_directory(directory),
      .processor = ImageProcessor::from_directory(directory, square_image_processor(config.vision_config.image_size)),
      .generation = read_generation_config(directory)};
  check(checkpoint.processor.config().fixed_size().has_value(), "{}: preprocessor_config.json: size: expected height and width",
        directory.string());
  check(checkpoint.tokenizer.largest_id() < config.text_config.vocab_size,
        "{}: tokenizer: has ids up to {}, the model's vocabulary has {}", directory.string(), checkpoint.tokenizer.largest_id(),
        config.text_config.vocab_size);
  return checkpoint;
}

void save_blip(const std::filesystem::path& directory, const Blip& model, const BlipFiles& files, torch::Dtype dtype) {
  const BlipConfig& config = model->config();
  save_model_directory(directory, *model,
                       {.config = write_blip_config(config),
                        .tokenizer = files.tokenizer,
                        .tokenizer_config = bert_tokenizer_config(config.text_config.max_position_embeddings),
                        .processor = write_image_processor(files.processor, "Blip"),
                        .generation = files.generation},
                       dtype);
}

}  // namespace omma
