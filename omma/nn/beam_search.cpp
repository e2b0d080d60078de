// Beam search as transformers' generate() does it: each step looks at the best (1 + end tokens) x beams continuations, those among
// the first `beams` that end enter the pool of finished hypotheses, the best that do not end run on.
#include <algorithm>
#include <cmath>
#include <limits>

#include "omma/nn/sequence_search.h"

namespace omma {

using torch::Tensor;

namespace {

struct Hypothesis {
  std::vector<int64_t> tokens;
  double score = 0;  // running: summed log-probability; finished: over length^penalty
};

struct Candidate {
  int64_t beam = 0;
  int64_t token = 0;
  double score = 0;
};

class BeamSearch : public SequenceSearch {
 public:
  BeamSearch(const GenerationPrompt& prompt, const GenerationSettings& settings) : prompt_(prompt.tokens), settings_(settings) {}

  std::vector<Continuation> advance(const Tensor& logits) override;
  GeneratedTokens result() const override;

 private:
  std::vector<Candidate> best_continuations(const Tensor& logits) const;
  void finish(const Candidate& candidate);
  bool can_improve() const;
  bool ends(int64_t token) const { return std::find(settings_.eos.begin(), settings_.eos.end(), token) != settings_.eos.end(); }
  size_t beams() const { return static_cast<size_t>(settings_.beams); }
  double length_divisor() const { return std::pow(static_cast<double>(step_), settings_.length_penalty); }

  std::vector<int64_t> prompt_;
  const GenerationSettings& settings_;
  int64_t step_ = 0;                               // tokens every running hypothesis has
  std::vector<Hypothesis> running_{Hypothesis{}};  // by falling score
  std::vector<Hypothesis> finished_;               // by falling score, at most `beams`; an end token is the last of its tokens
};

std::vector<Candidate> BeamSearch::best_continuations(const Tensor& logits) const {
  Tensor scores = torch::log_softmax(logits.to(torch::kFloat), -1);  // [R, V]
  if (settings_.repetition_penalty != 1 && !(prompt_.empty() && step_ == 0)) {
    std::vector<Tensor> rows;
    for (const Hypothesis& hypothesis : running_) {
      std::vector<int64_t> sequence = prompt_;
      sequence.insert(sequence.end(), hypothesis.tokens.begin(), hypothesis.tokens.end());
      rows.push_back(torch::tensor(sequence, torch::kLong));
    }
    scores = penalise_repetition(scores, torch::stack(rows).to(scores.device()), settings_.repetition_penalty);
  }
  if (step_ < settings_.min_tokens)
    for (const int64_t eos : settings_.eos) scores.select(1, eos).fill_(-std::numeric_limits<float>::infinity());
  std::vector<float> past;
  for (const Hypothesis& hypothesis : running_) past.push_back(static_cast<float>(hypothesis.score));
  scores = (scores + torch::tensor(past).unsqueeze(1).to(scores.device())).flatten();  // [R V]
  const int64_t vocabulary = logits.size(1);
  const int64_t wanted = std::max<int64_t>(2, 1 + std::ssize(settings_.eos)) * settings_.beams;
  const auto [best, place] = scores.topk(std::min(wanted, scores.size(0)));
  const Tensor best_scores = best.to(torch::kCPU), places = place.to(torch::kCPU);
  std::vector<Candidate> candidates;
  for (int64_t i = 0; i < places.size(0); ++i) {
    const int64_t at = places[i].item<int64_t>();
    candidates.push_back({.beam = at / vocabulary, .token = at % vocabulary, .score = best_scores[i].item<double>()});
  }
  return candidates;
}

void BeamSearch::finish(const Candidate& candidate) {
  Hypothesis done{.tokens = running_[static_cast<size_t>(candidate.beam)].tokens, .score = candidate.score / length_divisor()};
  done.tokens.push_back(candidate.token);
  const auto place = std::upper_bound(finished_.begin(), finished_.end(), done,
                                      [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  finished_.insert(place, std::move(done));
  if (finished_.size() > beams()) finished_.pop_back();
}

// Whether the best running hypothesis, ended here, would enter the pool.
bool BeamSearch::can_improve() const {
  if (finished_.size() < beams()) return true;
  if (settings_.early_stopping) return false;
  return running_.front().score / length_divisor() > finished_.back().score;
}

std::vector<SequenceSearch::Continuation> BeamSearch::advance(const Tensor& logits) {
  const std::vector<Candidate> candidates = best_continuations(logits.narrow(0, 0, std::ssize(running_)));
  ++step_;
  const bool last = step_ == settings_.max_tokens;
  std::vector<Hypothesis> next;
  std::vector<Continuation> rows;
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    const Candidate& candidate = candidates[rank];
    if (last || ends(candidate.token)) {
      if (rank < beams()) finish(candidate);
    } else if (next.size() < beams()) {
      next.push_back({.tokens = running_[static_cast<size_t>(candidate.beam)].tokens, .score = candidate.score});
      next.back().tokens.push_back(candidate.token);
      rows.push_back({.row = candidate.beam, .token = candidate.token});
    }
  }
  if (last || next.empty()) return {};
  running_ = std::move(next);
  if (!can_improve()) return {};
  return rows;
}

GeneratedTokens BeamSearch::result() const {
  if (finished_.empty()) return {};
  const Hypothesis& best = finished_.front();
  GeneratedTokens result{.tokens = best.tokens, .ended = ends(best.tokens.back()), .score = best.score};
  if (result.ended) result.tokens.pop_back();
  return result;
}

}  // namespace

std::unique_ptr<SequenceSearch> make_beam_search(const GenerationPrompt& prompt, const GenerationSettings& settings) {
  return std::make_unique<BeamSearch>(prompt, settings);
}

}  // namespace omma
