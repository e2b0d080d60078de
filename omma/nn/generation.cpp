#include "omma/nn/generation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "omma/base/config.h"
#include "omma/base/rng.h"
#include "omma/nn/sequence_search.h"

namespace omma {

using torch::Tensor;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The token drawn by one uniform number from the distribution of `logits` [V].
int64_t draw(const Tensor& logits, double uniform) {
  const Tensor cumulative = torch::softmax(logits.to(torch::kDouble), -1).cumsum(-1);
  const Tensor target = (cumulative[-1] * uniform).reshape({1});
  const int64_t token = torch::searchsorted(cumulative, target, /*out_int32=*/false, /*right=*/true).item<int64_t>();
  return std::min(token, logits.size(0) - 1);
}

// One hypothesis: the best token of each step, or a drawn one.
class TokenSearch : public SequenceSearch {
 public:
  TokenSearch(const GenerationPrompt& prompt, const GenerationSettings& settings)
      : settings_(settings), callback_(prompt.callback), rng_(prompt.seed.value_or(settings.seed)), sequence_(prompt.tokens) {}

  std::vector<Continuation> advance(const Tensor& logits) override {
    const Tensor row = logits.narrow(0, 0, 1).to(torch::kFloat);  // [1, V]
    const int64_t token = choose(row);
    ++step_;
    total_ += torch::log_softmax(row[0], -1)[token].item<double>();
    result_.score = total_ / static_cast<double>(step_);
    result_.ended = std::find(settings_.eos.begin(), settings_.eos.end(), token) != settings_.eos.end();
    if (result_.ended) return {};
    result_.tokens.push_back(token);
    sequence_.push_back(token);
    result_.cancelled = callback_ && !callback_(token);
    if (result_.cancelled || step_ == settings_.max_tokens) return {};
    return {{.row = 0, .token = token}};
  }

  GeneratedTokens result() const override { return result_; }

 private:
  int64_t choose(const Tensor& row) {
    const Tensor seen = torch::tensor(sequence_, torch::kLong).unsqueeze(0).to(row.device());
    Tensor scores = penalise_repetition(row, seen, settings_.repetition_penalty)[0];
    if (step_ < settings_.min_tokens)
      for (const int64_t eos : settings_.eos) scores.index_put_({eos}, -infinity);
    if (!settings_.sample) return scores.argmax().item<int64_t>();
    return draw(restrict_choice(scores / settings_.temperature, settings_.top_k, settings_.top_p), rng_.uniform());
  }

  const GenerationSettings& settings_;
  TokenCallback callback_;
  Rng rng_;
  std::vector<int64_t> sequence_;
  int64_t step_ = 0;
  double total_ = 0;
  GeneratedTokens result_;
};

using Searches = std::vector<std::unique_ptr<SequenceSearch>>;

// Runs all searches to their ends, and tells as it goes which have `ended`: DeadlinePassed may come before all have. Each holds as
// many rows of the decoder as there are beams after the first step, whether it fills them or not.
void run(AutoregressiveDecoder& decoder, const Searches& searches, const GenerationSettings& settings, std::vector<bool>& ended) {
  const int64_t width = settings.beams;
  throw_if_passed(settings.deadline);
  Tensor logits = decoder.start();  // [P, V]
  const Tensor rows = torch::arange(std::ssize(searches) * width, torch::TensorOptions(torch::kLong).device(logits.device()));
  for (int64_t held = 1;; held = width) {
    std::vector<int64_t> parents, tokens;
    for (std::size_t p = 0; p < searches.size(); ++p) {
      const int64_t first = static_cast<int64_t>(p) * held;
      std::vector<SequenceSearch::Continuation> next;
      if (!ended[p]) next = searches[p]->advance(logits.narrow(0, first, held));
      ended[p] = next.empty();
      next.resize(static_cast<std::size_t>(width));
      for (const auto& [row, token] : next) {
        parents.push_back(first + row);
        tokens.push_back(token);
      }
    }
    if (std::all_of(ended.begin(), ended.end(), std::identity())) return;
    throw_if_passed(settings.deadline);
    const Tensor from = torch::tensor(parents, torch::kLong).to(logits.device());
    if (held != width || !from.equal(rows)) decoder.reorder(from);
    logits = decoder.step(torch::tensor(tokens, torch::kLong).to(logits.device()));  // [P width, V]
  }
}

}  // namespace

void throw_if_passed(const Deadline& deadline) {
  if (deadline && std::chrono::steady_clock::now() >= *deadline) throw DeadlinePassed();
}

void GenerationSettings::validate() const {
  Faults faults("generation");
  // Written so that NaN fails.
  faults.expect(max_tokens >= 1, "max_tokens: expected at least 1, got {}", max_tokens);
  faults.expect(min_tokens >= 0 && min_tokens <= max_tokens, "min_tokens: expected 0 to max_tokens {}, got {}", max_tokens,
                min_tokens);
  faults.expect(temperature > 0 && temperature <= 100, "temperature: expected above 0 and at most 100, got {}", temperature);
  faults.expect(top_k >= 0, "top_k: expected 0 or more, got {}", top_k);
  faults.expect(top_p > 0 && top_p <= 1, "top_p: expected above 0 and at most 1, got {}", top_p);
  faults.expect(repetition_penalty > 0 && repetition_penalty <= 100, "repetition_penalty: expected above 0 and at most 100, got {}",
                repetition_penalty);
  faults.expect(beams >= 1 && beams <= 64, "beams: expected 1 to 64, got {}", beams);
  faults.expect(!(sample && beams > 1), "beams: expected 1 with sampling, got {}", beams);
  faults.expect(length_penalty >= -10 && length_penalty <= 10, "length_penalty: expected -10 to 10, got {}", length_penalty);
  faults.raise();
}

Tensor penalise_repetition(const Tensor& scores, const Tensor& sequences, double penalty) {
  if (penalty == 1 || sequences.size(1) == 0) return scores.clone();
  const Tensor seen = scores.gather(1, sequences);
  return scores.scatter(1, sequences, torch::where(seen < 0, seen * penalty, seen / penalty));
}

Tensor restrict_choice(const Tensor& logits, int64_t top_k, double top_p) {
  Tensor kept = logits;
  if (top_k > 0 && top_k < logits.size(0)) {
    const Tensor least = std::get<0>(logits.topk(top_k))[-1];
    kept = kept.masked_fill(kept < least, -infinity);
  }
  if (top_p < 1) {
    const auto [sorted, order] = kept.sort(/*dim=*/-1, /*descending=*/true);
    const Tensor probability = torch::softmax(sorted, -1);
    const Tensor before = probability.cumsum(-1) - probability;  // what better tokens hold: the best always stays
    kept = kept.masked_fill(torch::zeros_like(before, torch::kBool).scatter(0, order, before >= top_p), -infinity);
  }
  return kept;
}

std::vector<GeneratedTokens> generate(AutoregressiveDecoder& decoder, std::span<const GenerationPrompt> prompts,
                                      const GenerationSettings& settings) {
  settings.validate();
  const torch::InferenceMode guard;
  Searches searches;
  for (const GenerationPrompt& prompt : prompts)
    searches.push_back(settings.beams > 1 ? make_beam_search(prompt, settings) : std::make_unique<TokenSearch>(prompt, settings));
  std::vector<bool> ended(searches.size(), false);
  try {
    run(decoder, searches, settings, ended);
  } catch (const DeadlinePassed&) {
    // The prompts that have not ended give what they have.
  }
  std::vector<GeneratedTokens> results;
  for (std::size_t p = 0; p < searches.size(); ++p) {
    results.push_back(searches[p]->result());
    if (!ended[p]) results[p].cancelled = true;
  }
  return results;
}

}  // namespace omma
