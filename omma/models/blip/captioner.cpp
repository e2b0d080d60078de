#include "omma/models/blip/captioner.h"

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/blip/decoder.h"

namespace omma {

BlipCaptioner::BlipCaptioner(BlipCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  check(!checkpoint_.model->text_decoder.is_empty(), "blip: expected a model with a text decoder");
}

std::vector<int64_t> BlipCaptioner::prompt_ids(const std::string& prompt) const {
  const Encoding encoding = checkpoint_.tokenizer.encode(prompt, {.add_special_tokens = true, .parse_special = false});
  check(encoding.ids.size() >= 2, "blip: tokenizer: expected a template of [CLS] and [SEP]");
  std::vector<int64_t> ids(encoding.ids.begin(), encoding.ids.end() - 1);
  ids.front() = checkpoint_.model->config().text_config.bos_token_id;
  return ids;
}

std::vector<CaptionResult> BlipCaptioner::caption(std::span<const Image> images, const CaptionOptions& options) {
  const c10::InferenceMode inference;
  const BlipTextConfig& text = checkpoint_.model->config().text_config;
  check(options.generation.stop.empty(), "caption: stop strings are not supported");
  check(options.seeds.empty() || options.seeds.size() == images.size(), "caption: seeds: expected {}, one a picture, got {}",
        images.size(), options.seeds.size());
  const std::vector<int64_t> prompt = prompt_ids(options.prompt.empty() ? checkpoint_.generation.caption_prompt : options.prompt);
  GenerationSettings settings =
      settings_of(checkpoint_.generation, options.generation, std::ssize(prompt), BlipCheckpoint::default_length);
  const int64_t room = text.max_position_embeddings - std::ssize(prompt);
  check(room >= 1, "prompt: expected fewer than {} tokens, got {}", text.max_position_embeddings, prompt.size());
  settings.max_tokens = std::min(settings.max_tokens, room);
  settings.min_tokens = std::min(settings.min_tokens, settings.max_tokens);
  settings.eos = {text.sep_token_id};  // the generation_config.json of published BLIPs names a token that they never write
  std::vector<GenerationPrompt> prompts;
  for (std::size_t i = 0; i < images.size(); ++i)
    prompts.push_back({.tokens = prompt, .seed = options.seeds.empty() ? settings.seed : options.seeds[i]});

  Stopwatch watch(static_cast<double>(images.size()));
  const Tensor pixels = checkpoint_.pixels(images);
  const double preprocess = watch.lap();
  BlipTextDecoder decoder = checkpoint_.model->text_decoder;
  BlipSource source = decoder->bert->project(checkpoint_.model->vision_model(pixels));
  const double encode = watch.lap();
  const Tensor rows = torch::tensor(prompt, torch::kLong).repeat({std::ssize(images), 1}).to(pixels.device());  // [P, T]
  BlipGenerationDecoder generation(decoder, std::move(source), rows, settings.max_tokens);
  const auto generated = generate_all(generation, prompts, settings);
  const double decode = watch.lap();

  std::vector<CaptionResult> results;
  for (const GeneratedTokens& tokens : generated) {
    const std::vector<std::int32_t> ids(tokens.tokens.begin(), tokens.tokens.end());
    results.push_back({.captions = {{.text = checkpoint_.tokenizer.decode(ids), .score = tokens.score}},
                       .timing = {.preprocess = preprocess, .encode = encode, .decode = decode}});
  }
  return results;
}

}  // namespace omma
