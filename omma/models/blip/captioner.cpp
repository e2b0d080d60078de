#include "omma/models/blip/captioner.h"

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/blip/decoder.h"
#include "omma/nn/text_generation.h"

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
  check(options.seeds.empty() || options.seeds.size() == images.size(), "caption: seeds: expected {}, one a picture, got {}",
        images.size(), options.seeds.size());
  const std::vector<int64_t> ids = prompt_ids(options.prompt.empty() ? checkpoint_.generation.caption_prompt : options.prompt);
  const GenerationSettings settings = checkpoint_.settings(options.generation, std::ssize(ids));
  std::vector<TextPrompt> prompts(images.size(), {.tokens = ids, .length = std::ssize(ids), .stop = options.generation.stop});
  for (std::size_t i = 0; i < options.seeds.size(); ++i) prompts[i].seed = options.seeds[i];

  Stopwatch watch(static_cast<double>(images.size()));
  const Tensor pixels = checkpoint_.pixels(images);
  Timing timing{.preprocess = watch.lap()};
  BlipTextDecoder decoder = checkpoint_.model->text_decoder;
  BlipSource source = decoder->bert->project(checkpoint_.model->vision_model(pixels));
  timing.encode = watch.lap();
  const Tensor rows = torch::tensor(ids, torch::kLong).repeat({std::ssize(images), 1}).to(pixels.device());  // [P, T]
  BlipGenerationDecoder generation(decoder, std::move(source), rows, settings.max_tokens);
  const auto texts = generate_texts(generation, checkpoint_.tokenizer, prompts, settings);
  timing.decode = watch.lap();

  std::vector<CaptionResult> results;
  for (const GeneratedText& text : texts)
    results.push_back({.captions = {{.text = text.text, .score = text.score}}, .timing = timing});
  return results;
}

}  // namespace omma
