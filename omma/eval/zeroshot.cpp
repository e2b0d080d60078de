#include "omma/eval/zeroshot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/eval/share.h"

namespace omma {
namespace {

using Vector = std::vector<float>;

Vector mean_direction(const std::vector<Vector>& units) {
  Vector sum(units.front().size(), 0);
  for (const Vector& unit : units) std::ranges::transform(sum, unit, sum.begin(), std::plus<>());
  const float length = std::max(std::sqrt(std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0F)), 1e-12F);
  for (float& value : sum) value /= length;
  return sum;
}

std::string filled_in(const std::string& sentence, const std::string& name) {
  const std::size_t place = sentence.find("{}");
  check(place != std::string::npos, "zero-shot: template: expected {{}} where the class is to stand, got \"{}\"", sentence);
  return sentence.substr(0, place) + name + sentence.substr(place + 2);
}

std::string spoken_name(const std::string& folder, const std::map<std::string, std::string>& names) {
  if (const auto given = names.find(folder); given != names.end()) return given->second;
  std::string name = folder;
  std::ranges::replace(name, '_', ' ');
  return name;
}

std::vector<Vector> class_vectors(Matcher& matcher, const ClassFolder& folder, const ZeroShotOptions& options) {
  check(!options.templates.empty(), "zero-shot: expected at least one template");
  for (const auto& [name, spoken] : options.names)
    check(std::ranges::count(folder.classes(), name) > 0, "zero-shot: class {}: no such sub-folder", name);
  std::vector<Vector> vectors;
  for (const std::string& name : folder.classes()) {
    std::vector<std::string> sentences;
    for (const std::string& sentence : options.templates)
      sentences.push_back(filled_in(sentence, spoken_name(name, options.names)));
    vectors.push_back(mean_direction(matcher.embed_texts(sentences)));
  }
  return vectors;
}

ClassifiedPicture classify(const Vector& picture, const std::vector<Vector>& classes, std::size_t truth,
                           const std::vector<std::string>& names) {
  std::vector<float> scores;
  for (const Vector& each : classes) scores.push_back(image_text_similarity(picture, each));
  const auto best = std::ranges::max_element(scores);
  const auto at_least = std::ranges::count_if(scores, [&](float score) { return score >= scores[truth]; });
  return {.key = {},
          .truth = names[truth],
          .answer = names[static_cast<std::size_t>(best - scores.begin())],
          .rank = static_cast<std::size_t>(at_least) - 1,
          .score = *best};
}

// `count` of `size`, evenly apart.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  const std::size_t taken = count == 0 ? size : std::min(count, size);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < taken; ++i) indices.push_back(i * size / taken);
  return indices;
}

}  // namespace

ZeroShotEvaluation evaluate_zeroshot(Matcher& matcher, const ClassFolder& folder, const ZeroShotOptions& options) {
  check(options.batch >= 1, "zero-shot: batch: expected at least 1, got {}", options.batch);
  ZeroShotEvaluation evaluation{.classes = folder.classes(), .pictures = {}, .left_out = {}};
  const std::vector<Vector> classes = class_vectors(matcher, folder, options);
  const std::vector<std::size_t> indices = spread(folder.size(), options.count);
  LeftOutPictures left_out("zero-shot", indices.size(), options.max_fault_share);
  Progress progress("classify", std::ssize(indices));
  std::vector<Image> images;
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (auto picture = load_or_leave_out(folder, indices[i], left_out)) {
      images.push_back(std::move(picture->image));
      waiting.push_back(indices[i]);
    }
    progress.advance();
    if (images.empty() || (std::ssize(images) < options.batch && i + 1 < indices.size())) continue;
    const std::vector<Vector> vectors = matcher.embed_images(images);
    for (std::size_t p = 0; p < waiting.size(); ++p) {
      evaluation.pictures.push_back(classify(vectors[p], classes, folder.label(waiting[p]), folder.classes()));
      evaluation.pictures.back().key = folder.key(waiting[p]);
    }
    images.clear();
    waiting.clear();
  }
  evaluation.left_out = left_out.report();
  return evaluation;
}

json ZeroShotEvaluation::to_json() const {
  struct Tally {
    std::int64_t pictures = 0, right = 0;
  };
  std::map<std::string, Tally> tallies;
  std::int64_t first = 0, among_five = 0;
  for (const ClassifiedPicture& picture : pictures) {
    Tally& tally = tallies[picture.truth];
    ++tally.pictures;
    tally.right += picture.rank == 0;
    first += picture.rank == 0;
    among_five += picture.rank < 5;
  }
  json per_class = json::object();
  double sum = 0;
  for (const auto& [name, tally] : tallies) {
    const double accuracy = share(tally.right, tally.pictures);
    per_class[name] = {{"accuracy", accuracy}, {"pictures", tally.pictures}};
    sum += accuracy;
  }
  json object = {{"accuracy", share(first, std::ssize(pictures))},
                 {"accuracy5", share(among_five, std::ssize(pictures))},
                 {"mean_per_class", tallies.empty() ? 0 : sum / static_cast<double>(tallies.size())},
                 {"per_class", per_class},
                 {"classes", classes.size()},
                 {"pictures", pictures.size()}};
  if (left_out.total() > 0) object["left_out"] = left_out.total();
  return object;
}

}  // namespace omma
