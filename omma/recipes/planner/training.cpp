#include "omma/recipes/planner/training.h"

#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <span>

#include "omma/models/llama/checkpoint.h"
#include "omma/nn/tensor.h"
#include "omma/recipes/planner/vocabulary.h"
#include "omma/train/initial_weights.h"

namespace omma {

using torch::Tensor;

namespace {

constexpr std::uint64_t validation_seed_offset = 0x5eed0000;

// B samples padded on the right to the longest. Only positions whose next token is learned give logits.
struct Slice {
  Tensor ids;        // int64 [B, T]
  Tensor positions;  // int64 [P]: places b T + t before a learned token
  Tensor targets;    // int64 [P]
};

Slice pad(std::span<const PlannerSample> samples) {
  size_t longest = 0;
  for (const PlannerSample& sample : samples) longest = std::max(longest, sample.ids.size());
  const auto rows = static_cast<int64_t>(samples.size()), length = static_cast<int64_t>(longest);
  Slice slice{.ids = torch::full({rows, length}, planner_end_token, torch::kLong), .positions = {}, .targets = {}};
  std::vector<int64_t> positions, targets;
  for (int64_t row = 0; row < rows; ++row) {
    const PlannerSample& sample = samples[static_cast<size_t>(row)];
    slice.ids[row].narrow(0, 0, std::ssize(sample.ids)).copy_(torch::tensor(sample.ids, torch::kLong));
    for (size_t i = 1; i < sample.ids.size(); ++i) {
      if (sample.learned[i] == 0) continue;
      positions.push_back(row * length + static_cast<int64_t>(i) - 1);
      targets.push_back(sample.ids[i]);
    }
  }
  slice.positions = torch::tensor(positions, torch::kLong);
  slice.targets = torch::tensor(targets, torch::kLong);
  return slice;
}

// Logits [P, V] at the slice's positions.
Tensor logits_of(LlamaForCausalLM& model, const Slice& slice) {
  const torch::Device device = model->options().device();
  const Tensor embeddings = model->model->embed_tokens(slice.ids.to(device));
  const Tensor hidden = model->model(CausalInput{.embeddings = embeddings, .padding = {}, .cache = nullptr});  // [B, T, C]
  return model->logits(hidden.flatten(0, 1).index_select(0, slice.positions.to(device)));
}

Tensor summed_loss(LlamaForCausalLM& model, const Slice& slice) {
  const Tensor logits = logits_of(model, slice);
  return torch::nn::functional::cross_entropy(logits, slice.targets.to(logits.device()),
                                              torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum));
}

}  // namespace

PlannerSample tokenize(const PlannerTrace& trace, const Tokenizer& tokenizer) {
  const Encoding encoding = tokenizer.encode(trace.text, {.add_special_tokens = false, .parse_special = false});
  PlannerSample sample;
  sample.ids.assign(encoding.ids.begin(), encoding.ids.end());
  auto range = trace.learned.begin();
  for (const auto& [begin, end] : encoding.offsets) {
    while (range != trace.learned.end() && range->second <= begin) ++range;
    sample.learned.push_back(range != trace.learned.end() && begin >= range->first);
  }
  sample.ids.push_back(planner_end_token);
  sample.learned.push_back(1);
  return sample;
}

PlannerTask::PlannerTask(const PlannerTaskConfig& config, std::uint64_t seed)
    : config_(config),
      seed_(seed),
      tokenizer_json_(planner_tokenizer()),
      tokenizer_(Tokenizer::from_json(tokenizer_json_, "planner tokenizer")) {
  config_.model.vocab_size = tokenizer_.largest_id() + 1;
  torch::manual_seed(seed);
  model_ = LlamaForCausalLM(config_.model);
  model_->initialise(config_.model.initializer_range);
  for (const std::string& file : config_.initial_weights) {
    load_matching_weights(*model_, file);
    load_known_embeddings(*model_, "model.embed_tokens.weight", tokenizer_, file);
  }
}

std::vector<PlannerSample> PlannerTask::draw_batch(int64_t number) const {
  std::vector<PlannerSample> samples;
  for (int64_t i = 0; i < config_.batch; ++i) {
    const auto index = static_cast<std::uint64_t>(number * config_.batch + i);
    PlannerSample sample = tokenize(make_planner_trace(seed_, index), tokenizer_);
    if (std::ssize(sample.ids) <= config_.max_tokens) samples.push_back(std::move(sample));
  }
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) { return a.ids.size() < b.ids.size(); });
  return samples;
}

PreparedStep PlannerTask::prepare(int64_t number) const {
  const std::vector<PlannerSample> samples = draw_batch(number);
  const size_t size = (samples.size() + static_cast<size_t>(config_.slices) - 1) / static_cast<size_t>(config_.slices);
  auto slices = std::make_shared<std::vector<Slice>>();
  int64_t tokens = 0;
  for (size_t begin = 0; begin < samples.size(); begin += size) {
    slices->push_back(pad(std::span(samples).subspan(begin, std::min(size, samples.size() - begin))));
    tokens += slices->back().targets.size(0);
  }
  return [model = model_, slices, tokens]() mutable {
    Tensor total;
    for (const Slice& slice : *slices) total = total.defined() ? total + summed_loss(model, slice) : summed_loss(model, slice);
    return StepLoss{.total = total / tokens, .parts = {}};
  };
}

json PlannerTask::validate() {
  struct Score {
    int right = 0, traces = 0;
  };
  std::map<std::string, Score> scores;
  double loss = 0;
  int64_t tokens = 0;
  for (int64_t i = 0; i < config_.validation_traces; ++i) {
    const PlannerTrace trace = make_planner_trace(seed_ + validation_seed_offset, static_cast<std::uint64_t>(i));
    const PlannerSample sample = tokenize(trace, tokenizer_);
    if (std::ssize(sample.ids) > config_.model.max_position_embeddings) continue;
    const Slice slice = pad({&sample, 1});
    const Tensor logits = logits_of(model_, slice).cpu();
    loss += torch::nn::functional::cross_entropy(logits, slice.targets).item<double>() * static_cast<double>(slice.targets.size(0));
    tokens += slice.targets.size(0);
    const bool right = logits.argmax(1).equal(slice.targets);
    for (const std::string& skill : {std::string(name_of(trace.skill)), std::string("all")}) {
      scores[skill].right += right ? 1 : 0;
      ++scores[skill].traces;
    }
  }
  json figures = {{"loss", loss / static_cast<double>(std::max<int64_t>(1, tokens))}};
  for (const auto& [skill, score] : scores) figures[skill] = static_cast<double>(score.right) / score.traces;
  return figures;
}

void PlannerTask::save_model(const std::filesystem::path& directory) {
  GenerationConfig generation;
  generation.max_new_tokens = 256;
  generation.eos_token_id = planner_end_token;
  generation.agent_format = "compact";
  save_llama(directory, model_, tokenizer_json_, generation, torch::kFloat16);
}

}  // namespace omma
