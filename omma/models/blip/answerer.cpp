#include "omma/models/blip/answerer.h"

#include <algorithm>
#include <map>

#include "omma/base/error.h"
#include "omma/base/stopwatch.h"
#include "omma/models/blip/decoder.h"
#include "omma/nn/text_generation.h"

namespace omma {
namespace {

constexpr int64_t max_ranked = 128;

}  // namespace

BlipAnswerer::BlipAnswerer(BlipCheckpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  const BlipParts parts = checkpoint_.model->config().parts();
  check(parts.encoder && parts.decoder && !parts.tied, "blip: expected a model with a question encoder and an answer decoder");
}

std::vector<BlipAnswerer::Group> BlipAnswerer::group(std::span<const VisualQuestion> questions,
                                                     const std::vector<int64_t>& picture_of) const {
  const BlipTextConfig& config = checkpoint_.model->config().text_config;
  std::map<int64_t, Group> by_length;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const PaddedTexts text = tokenize_texts(checkpoint_.tokenizer, std::span(&questions[i].text, 1), config.max_position_embeddings,
                                            config.pad_token_id);
    Group& group = by_length[text.input_ids.size(1)];
    group.input_ids = group.places.empty() ? text.input_ids : torch::cat({group.input_ids, text.input_ids});
    group.pictures.push_back(picture_of[i]);
    group.places.push_back(i);
  }
  std::vector<Group> groups;
  for (auto& [length, group] : by_length) {
    group.input_ids = checkpoint_.model->image_grounded_ids(group.input_ids.to(checkpoint_.device()));
    groups.push_back(std::move(group));
  }
  return groups;
}

Tensor BlipAnswerer::encode(const Group& group, const Tensor& features) {
  Blip& model = checkpoint_.model;
  const Tensor rows = torch::tensor(group.pictures, torch::kLong).to(features.device());
  BlipSource source = model->text_encoder->project(features);
  for (KeysValues& layer : source.layers)
    layer = {.keys = layer.keys.index_select(0, rows), .values = layer.values.index_select(0, rows)};
  return model->text_encoder(BlipTextInput{.input_ids = group.input_ids, .mask = {}, .source = &source});
}

std::vector<AnswerResult> BlipAnswerer::answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) {
  const c10::InferenceMode inference;
  std::vector<Image> images;  // each once: questions about one picture follow one another
  std::vector<int64_t> picture_of;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    check(questions[i].videos.empty(), "blip: this model sees pictures and no clips");
    check(questions[i].images.size() == 1, "blip: a question is about one picture, got {}", questions[i].images.size());
    if (i == 0 || questions[i].images.data() != questions[i - 1].images.data()) images.push_back(questions[i].images.front());
    picture_of.push_back(std::ssize(images) - 1);
  }
  std::vector<AnswerResult> results(questions.size());
  if (questions.empty()) return results;
  Stopwatch watch(static_cast<double>(questions.size()));
  const auto groups = group(questions, picture_of);
  const Tensor pixels = checkpoint_.pixels(images);
  Timing timing{.preprocess = watch.lap()};
  const Tensor features = checkpoint_.model->vision_model(pixels);  // [P, S, C]
  timing.encode = watch.lap();
  for (const Group& each : groups) {
    const Tensor states = encode(each, features);
    if (options.answers.empty())
      generate_answers(each, states, options, results);
    else
      rank_answers(each, states, options, results);
  }
  timing.decode = watch.lap();
  for (AnswerResult& result : results) result.timing = timing;
  return results;
}

void BlipAnswerer::generate_answers(const Group& group, const Tensor& states, const AnswerOptions& options,
                                    std::vector<AnswerResult>& results) {
  const int64_t first = checkpoint_.model->config().text_config.bos_token_id;
  const GenerationSettings settings = checkpoint_.settings(options.generation, 1);
  BlipTextDecoder decoder = checkpoint_.model->text_decoder;
  const Tensor rows = torch::full({states.size(0), 1}, first, group.input_ids.options());
  BlipGenerationDecoder generation(decoder, decoder->bert->project(states), rows, settings.max_tokens);
  const std::vector<TextPrompt> prompts(group.places.size(), {.tokens = {first}, .length = 1, .stop = options.generation.stop});
  const auto texts = generate_texts(generation, checkpoint_.tokenizer, prompts, settings);
  for (std::size_t i = 0; i < texts.size(); ++i) results[group.places[i]] = {.answer = texts[i].text, .score = texts[i].score};
}

void BlipAnswerer::rank_answers(const Group& group, const Tensor& states, const AnswerOptions& options,
                                std::vector<AnswerResult>& results) {
  const BlipTextConfig& config = checkpoint_.model->config().text_config;
  BlipTextDecoder decoder = checkpoint_.model->text_decoder;
  PaddedTexts answers = tokenize_texts(checkpoint_.tokenizer, options.answers, config.max_position_embeddings, config.pad_token_id);
  answers.input_ids.select(1, 0).fill_(config.bos_token_id);
  const Tensor ids = answers.input_ids.to(states.device());  // [A, T]
  const Tensor mask =
      (answers.mask.defined() ? answers.mask : torch::ones_like(answers.input_ids, torch::kBool)).to(states.device());
  for (std::size_t i = 0; i < group.places.size(); ++i) {
    const BlipSource source = decoder->bert->project(states.narrow(0, static_cast<int64_t>(i), 1));
    const Tensor start = ids.narrow(0, 0, 1).narrow(1, 0, 1);
    const Tensor first = decoder->logits(decoder->bert(BlipTextInput{.input_ids = start, .mask = {}, .source = &source}));
    const Tensor likely = torch::softmax(first.flatten().to(torch::kFloat32), 0).index_select(0, ids.select(1, 1));
    const Tensor best = std::get<1>(likely.topk(std::min(max_ranked, likely.size(0))));  // [K]

    const Tensor loss =
        language_losses(decoder, source, ids.index_select(0, best), mask.index_select(0, best), config);  // [K, T - 1]
    const auto [score, place] = (-loss.sum(1)).max(0);
    results[group.places[i]] = {.answer = options.answers[static_cast<std::size_t>(best[place].item<int64_t>())],
                                .score = score.item<double>()};
  }
}

}  // namespace omma
