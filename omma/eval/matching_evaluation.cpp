#include "omma/eval/matching_evaluation.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/data/left_out_pictures.h"

namespace omma {
namespace {

json figures_of(const std::vector<const JudgedPair*>& pairs, bool by_cosine) {
  const auto share = [&](const auto& holds) {
    return static_cast<double>(std::ranges::count_if(pairs, [&](const JudgedPair* pair) { return holds(*pair); })) /
           static_cast<double>(pairs.size());
  };
  json figures = {{"separated", share([](const JudgedPair& pair) { return pair.right_score > pair.wrong_score; })},
                  {"pairs", pairs.size()}};
  if (by_cosine) return figures;
  figures["accepted"] = share([](const JudgedPair& pair) { return pair.right_score >= 0.5F; });
  figures["refused"] = share([](const JudgedPair& pair) { return pair.wrong_score < 0.5F; });
  return figures;
}

}  // namespace

json MatchingEvaluation::to_json() const {
  std::map<std::string, std::vector<const JudgedPair*>> by_noise;
  for (const JudgedPair& pair : pairs) {
    by_noise[pair.noise].push_back(&pair);
    by_noise["all"].push_back(&pair);
  }
  json object = json::object();
  for (const auto& [noise, some] : by_noise) object[noise] = figures_of(some, by_cosine);
  return object;
}

MatchingEvaluation evaluate_matching(Matcher& matcher, const CaptionDataset& dataset, const MatchingEvaluationOptions& options) {
  const std::size_t count = options.count == 0 ? dataset.size() : std::min(options.count, dataset.size());
  MatchingEvaluation evaluation;
  evaluation.by_cosine = !matcher.has_itm();
  LeftOutPictures left_out("evaluation", count, options.max_fault_share);
  Progress progress("match", static_cast<std::int64_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const json notes = dataset.notes(i);
    progress.advance();
    if (!notes.contains("noise") || !notes.contains("true_caption") || notes["noise"] == "clean") continue;
    const auto loaded = load_or_leave_out(dataset, i, left_out);
    if (!loaded) continue;
    JudgedPair pair{.key = loaded->sample.key, .noise = notes["noise"], .right = notes["true_caption"], .wrong = {}};
    pair.wrong = loaded->sample.captions.front();
    const std::array<std::string, 2> texts = {pair.right, pair.wrong};
    const auto matches =
        matcher.match(std::span(&loaded->image, 1), texts, {.itm = !evaluation.by_cosine, .itc = evaluation.by_cosine})
            .front()
            .matches;
    const auto score = [&](const auto& match) { return (evaluation.by_cosine ? match.itc : match.itm).value(); };
    pair.right_score = score(matches[0]);
    pair.wrong_score = score(matches[1]);
    evaluation.pairs.push_back(std::move(pair));
  }
  evaluation.left_out = left_out.report();
  check(!evaluation.pairs.empty(),
        "matching: expected samples with a wrong text beside the true one, got none: of the world, noise=1");
  return evaluation;
}

}  // namespace omma
