#include "omma/recipes/grounding_dino/mixture.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "omma/base/error.h"

namespace omma::grounding_dino {
namespace {

// All phrases that a set's pictures are labelled with.
std::set<std::string> labelled_phrases(const DetectionDataset& dataset, const DetectionSource& source) {
  std::set<std::string> phrases(dataset.phrases().begin(), dataset.phrases().end());
  for (const auto& [phrase, others] : source.synonyms) {
    check(phrases.contains(phrase), "synonyms: \"{}\" is no phrase of {}", phrase, source.data);
    phrases.insert(others.begin(), others.end());
  }
  return phrases;
}

}  // namespace

std::unique_ptr<DetectionDataset> open_source(const DetectionSource& source, const std::string& split, const std::string& root,
                                              double max_fault_share) {
  const std::size_t colon = source.data.find(':');
  const std::string kind = colon == std::string::npos ? "voc" : source.data.substr(0, colon);
  const std::string path = colon == std::string::npos ? source.data : source.data.substr(colon + 1);
  const std::string spec = kind + ":" + (std::filesystem::path(root) / path).string();
  auto dataset = open_detection_dataset(spec, split, {.class_phrases = source.class_phrases, .max_fault_share = max_fault_share});
  log_faults(dataset->report(), spec);
  return dataset;
}

MixedSamples::MixedSamples(const std::vector<std::shared_ptr<const DetectionDataset>>& datasets,
                           const std::vector<DetectionSource>& sources, std::uint64_t seed, const AugmentationConfig& config,
                           double drop_positive, double max_fault_share) {
  std::set<std::string> all;
  for (std::size_t i = 0; i < sources.size(); ++i) all.merge(labelled_phrases(*datasets[i], sources[i]));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    std::set<std::string> absent = all;
    for (const std::string& phrase : labelled_phrases(*datasets[i], sources[i])) absent.erase(phrase);
    for (const std::string& phrase : sources[i].unlabelled) absent.erase(phrase);
    sets_.emplace_back(
        datasets[i], Rng(seed, i).bits(), config,
        PhraseBook{.synonyms = sources[i].synonyms, .absent = {absent.begin(), absent.end()}, .drop_positive = drop_positive},
        max_fault_share);
    shares_.push_back(static_cast<std::uint64_t>(sources[i].share));
    for (std::uint64_t place = 0; place < shares_[i]; ++place) round_.push_back({i, place});
  }
  Rng(seed).shuffle(round_);  // or a batch would hold one set
}

DatasetReport MixedSamples::report() const {
  DatasetReport all;
  for (const DatasetSamples& set : sets_) all.append(set.report());
  return all;
}

TrainingSample MixedSamples::sample(std::uint64_t number, const BatchShape& shape) const {
  const Turn& turn = round_[number % round_.size()];
  return sets_[turn.set].sample(number / round_.size() * shares_[turn.set] + turn.place, shape);
}

}  // namespace omma::grounding_dino
