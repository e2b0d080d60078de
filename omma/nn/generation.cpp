#include "omma/nn/generation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "omma/base/config.h"
#include "omma/base/rng.h"

namespace omma {

using torch::Tensor;

GeneratedTokens beam_search(AutoregressiveDecoder& decoder, std::span<const int64_t> prompt, const GenerationSettings& settings);

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The token drawn by one uniform number from the distribution of `logits` [V].
int64_t draw(const Tensor& logits, double uniform) {
  const Tensor cumulative = torch::softmax(logits.to(torch::kDouble), -1).cumsum(-1);
  const Tensor target = (cumulative[-1] * uniform).reshape({1});
  const int64_t token = torch::searchsorted(cumulative, target, /*out_int32=*/false, /*right=*/true).item<int64_t>();
  return std::min(token, logits.size(0) - 1);
}

GeneratedTokens generate_one(AutoregressiveDecoder& decoder, std::span<const int64_t> prompt, const GenerationSettings& settings,
                             const TokenCallback& callback) {
  Rng rng(settings.seed);
  GeneratedTokens result;
  std::vector<int64_t> sequence(prompt.begin(), prompt.end());
  double total = 0;
  Tensor logits = decoder.start();  // [1, V]
  for (int64_t step = 0; step < settings.max_tokens; ++step) {
    logits = logits.to(torch::kFloat);
    const Tensor log_probability = torch::log_softmax(logits[0], -1);  // [V]
    Tensor scores = penalise_repetition(logits, torch::tensor(sequence, torch::kLong).unsqueeze(0).to(logits.device()),
                                        settings.repetition_penalty)[0];
    if (step < settings.min_tokens)
      for (const int64_t eos : settings.eos) scores.index_put_({eos}, -infinity);
    const int64_t token = settings.sample
                              ? draw(restrict_choice(scores / settings.temperature, settings.top_k, settings.top_p), rng.uniform())
                              : scores.argmax().item<int64_t>();
    total += log_probability[token].item<double>();
    result.score = total / static_cast<double>(step + 1);
    result.ended = std::find(settings.eos.begin(), settings.eos.end(), token) != settings.eos.end();
    if (result.ended) break;
    result.tokens.push_back(token);
    sequence.push_back(token);
    result.cancelled = callback && !callback(token);
    if (result.cancelled || step + 1 == settings.max_tokens) break;
    logits = decoder.step(torch::tensor({token}, torch::kLong).to(logits.device()));
  }
  return result;
}

}  // namespace

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

GeneratedTokens generate(AutoregressiveDecoder& decoder, std::span<const int64_t> prompt, const GenerationSettings& settings,
                         const TokenCallback& callback) {
  settings.validate();
  torch::InferenceMode guard;
  return settings.beams > 1 ? beam_search(decoder, prompt, settings) : generate_one(decoder, prompt, settings, callback);
}

}  // namespace omma
