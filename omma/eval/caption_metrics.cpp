#include "omma/eval/caption_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr std::size_t orders = 4;

// How often each n-gram stands in a text, for n of 1 to 4; its words with a space after each.
using Counts = std::array<std::map<std::string, int>, orders>;

Counts count_ngrams(const Tokens& tokens) {
  Counts counts;
  for (std::size_t begin = 0; begin < tokens.size(); ++begin) {
    std::string ngram;
    for (std::size_t n = 0; n < orders && begin + n < tokens.size(); ++n) {
      ngram += tokens[begin + n] + " ";
      ++counts[n][ngram];
    }
  }
  return counts;
}

int closest_length(const CaptionCandidate& picture) {
  const int length = static_cast<int>(picture.candidate.size());
  std::pair best(std::numeric_limits<int>::max(), 0);  // distance and length: of two as close the shorter
  for (const Tokens& reference : picture.references) {
    const int other = static_cast<int>(reference.size());
    best = std::min(best, std::pair(std::abs(other - length), other));
  }
  return best.second;
}

// N-grams of the candidate that a reference has, each at most as often as the reference that has it most.
std::array<double, orders> correct_ngrams(const CaptionCandidate& picture) {
  Counts most;
  for (const Tokens& reference : picture.references) {
    const Counts counts = count_ngrams(reference);
    for (std::size_t n = 0; n < orders; ++n)
      for (const auto& [ngram, count] : counts[n]) most[n][ngram] = std::max(most[n][ngram], count);
  }
  std::array<double, orders> correct = {};
  const Counts counts = count_ngrams(picture.candidate);
  for (std::size_t n = 0; n < orders; ++n)
    for (const auto& [ngram, count] : counts[n])
      if (const auto found = most[n].find(ngram); found != most[n].end()) correct[n] += std::min(count, found->second);
  return correct;
}

std::array<double, orders> corpus_bleu(std::span<const CaptionCandidate> pictures) {
  constexpr double tiny = 1e-15, small = 1e-9;  // the reference's guards against 0 / 0
  std::array<double, orders> correct = {}, guessed = {}, bleu = {};
  double length = 0, reference_length = 0;
  for (const CaptionCandidate& picture : pictures) {
    const auto size = static_cast<double>(picture.candidate.size());
    const std::array<double, orders> own = correct_ngrams(picture);
    for (std::size_t n = 0; n < orders; ++n) {
      correct[n] += own[n];
      guessed[n] += std::max(0.0, size - static_cast<double>(n));
    }
    length += size;
    reference_length += closest_length(picture);
  }
  const double ratio = (length + tiny) / (reference_length + small);
  const double brevity = ratio < 1 ? std::exp(1 - 1 / ratio) : 1;
  double product = 1;
  for (std::size_t n = 0; n < orders; ++n) {
    product *= (correct[n] + tiny) / (guessed[n] + small);
    bleu[n] = std::pow(product, 1.0 / static_cast<double>(n + 1)) * brevity;
  }
  return bleu;
}

// Vedantam et al. 2015, the "D" variant: no stemming, clipped counts, a Gaussian penalty on the difference in length.
class Cider {
 public:
  explicit Cider(std::span<const CaptionCandidate> pictures) : log_pictures_(std::log(static_cast<double>(pictures.size()))) {
    for (const CaptionCandidate& picture : pictures) {
      std::set<std::string> present;
      for (const Tokens& reference : picture.references)
        for (const auto& counts : count_ngrams(reference))
          for (const auto& [ngram, count] : counts) present.insert(ngram);
      for (const std::string& ngram : present) ++pictures_with_[ngram];
    }
  }

  double score(const CaptionCandidate& picture) const {
    const Weights candidate = weigh(picture.candidate);
    double sum = 0;
    for (const Tokens& reference : picture.references) sum += similarity(candidate, weigh(reference));
    return 10 * sum / static_cast<double>(picture.references.size());
  }

 private:
  struct Weights {
    std::array<std::map<std::string, double>, orders> ngrams;
    std::array<double, orders> norms = {};
    double length = 0;  // in words; the reference counts bigrams, which differ by as much
  };

  Weights weigh(const Tokens& tokens) const {
    Weights weights{.ngrams = {}, .norms = {}, .length = static_cast<double>(tokens.size())};
    const Counts counts = count_ngrams(tokens);
    for (std::size_t n = 0; n < orders; ++n) {
      double squares = 0;
      for (const auto& [ngram, count] : counts[n]) {
        const auto known = pictures_with_.find(ngram);
        const double rarity = log_pictures_ - (known == pictures_with_.end() ? 0 : std::log(known->second));
        const double weight = weights.ngrams[n][ngram] = count * rarity;
        squares += weight * weight;
      }
      weights.norms[n] = std::sqrt(squares);
    }
    return weights;
  }

  static double similarity(const Weights& candidate, const Weights& reference) {
    constexpr double sigma = 6;
    double sum = 0;
    for (std::size_t n = 0; n < orders; ++n) {
      double product = 0;
      for (const auto& [ngram, weight] : candidate.ngrams[n])
        if (const auto found = reference.ngrams[n].find(ngram); found != reference.ngrams[n].end())
          product += std::min(weight, found->second) * found->second;
      const double norms = candidate.norms[n] * reference.norms[n];
      sum += norms == 0 ? product : product / norms;
    }
    const double gap = candidate.length - reference.length;
    return sum / orders * std::exp(-gap * gap / (2 * sigma * sigma));
  }

  double log_pictures_;
  std::map<std::string, double> pictures_with_;  // of each n-gram: pictures with a reference that has it
};

}  // namespace

CaptionMetrics caption_metrics(std::span<const CaptionCandidate> pictures) {
  check(!pictures.empty(), "caption metrics: expected at least one picture");
  for (const CaptionCandidate& picture : pictures)
    check(!picture.references.empty(), "caption metrics: expected at least one reference a picture");
  CaptionMetrics metrics{.bleu = corpus_bleu(pictures), .cider = 0, .picture_ciders = {}};
  const Cider cider(pictures);
  for (const CaptionCandidate& picture : pictures) {
    metrics.picture_ciders.push_back(cider.score(picture));
    metrics.cider += metrics.picture_ciders.back() / static_cast<double>(pictures.size());
  }
  return metrics;
}

}  // namespace omma
