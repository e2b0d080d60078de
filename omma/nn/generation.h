// Generation of tokens from any decoder: greedy, sampling, beam search. Reference: transformers' generate(), whose token sequences
// greedy and beam search reproduce.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "omma/nn/torch.h"

namespace omma {

// What generation asks of a model that already holds its prompt (text, picture, or both) and the past it has computed.
class AutoregressiveDecoder {
 public:
  virtual ~AutoregressiveDecoder() = default;
  // Reads the prompts, P of them: logits of each one's first new token, [P, V]. One that reads long prompts piece by piece may
  // throw DeadlinePassed in between.
  virtual torch::Tensor start() = 0;
  // Appends one token to each row, int64 [R]: logits of the next, [R, V].
  virtual torch::Tensor step(const torch::Tensor& tokens) = 0;
  // Row i becomes a copy of row `rows[i]`, int64 [R'] with any R'.
  virtual void reorder(const torch::Tensor& rows) = 0;
};

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// The time is over: thrown between two passes of a decoder, caught by generate().
struct DeadlinePassed {};
void throw_if_passed(const Deadline& deadline);

struct GenerationSettings {
  int64_t max_tokens = 128;  // new ones
  int64_t min_tokens = 0;    // no end token before so many
  std::vector<int64_t> eos;  // any of these ends a sequence
  bool sample = false;       // one beam only
  double temperature = 1;    // above 0
  int64_t top_k = 0;         // 0: all
  double top_p = 1;          // in (0, 1]
  double repetition_penalty = 1;
  int64_t beams = 1;
  double length_penalty = 1;    // a hypothesis' score is its log-probability over length^penalty
  bool early_stopping = false;  // beam search ends as soon as `beams` hypotheses have
  uint64_t seed = 0;            // of sampling
  Deadline deadline = {};       // looked at before every pass of the decoder

  // Throws std::invalid_argument that names every field out of range.
  void validate() const;
};

struct GeneratedTokens {
  std::vector<int64_t> tokens;  // the end token is not among them
  bool ended = false;           // by an end token, not by max_tokens, the callback or the deadline
  bool cancelled = false;       // by the callback or the deadline; beam search then has the best hypothesis that had ended, or none
  double score = 0;  // mean log-probability of the tokens (end token included) under the raw logits; beams: by the length penalty
};

// Told each new token; false ends the generation after it. Beam search does not call it.
using TokenCallback = std::function<bool(int64_t token)>;

// One of the prompts that a decoder holds.
struct GenerationPrompt {
  std::vector<int64_t> tokens = {};   // as the repetition penalty sees them; may be empty
  std::optional<uint64_t> seed = {};  // of sampling; none: the settings'
  TokenCallback callback = {};
};

// Continues all prompts of the decoder in step, each as it would be alone; those that have ended are carried along until all have.
std::vector<GeneratedTokens> generate(AutoregressiveDecoder& decoder, std::span<const GenerationPrompt> prompts,
                                      const GenerationSettings& settings);

// Divides positive and multiplies negative scores [R, V] of tokens that row `sequences` [R, L] already holds (Keskar et al. 2019).
torch::Tensor penalise_repetition(const torch::Tensor& scores, const torch::Tensor& sequences, double penalty);

// -inf for all but the `top_k` best, then for all outside the smallest set whose probability reaches `top_p`. [V] -> [V]
torch::Tensor restrict_choice(const torch::Tensor& logits, int64_t top_k, double top_p);

}  // namespace omma
