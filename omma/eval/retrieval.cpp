#include "omma/eval/retrieval.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "omma/base/error.h"
#include "omma/base/progress.h"

namespace omma {
namespace {

using Vectors = std::vector<std::vector<float>>;

struct Candidate {
  std::size_t index;
  float score;
};

// So many wrong ones score as much as the best right one, or more.
std::size_t rank_of_best(std::span<const Candidate> candidates, const std::vector<std::size_t>& right) {
  const auto is_right = [&](const Candidate& each) { return std::ranges::binary_search(right, each.index); };
  float best = -std::numeric_limits<float>::infinity();
  bool found = false;
  for (const Candidate& each : candidates) {
    if (!is_right(each) || std::isnan(each.score)) continue;
    best = std::max(best, each.score);
    found = true;
  }
  if (!found) return not_ranked;
  const auto is_ahead = [&](const Candidate& each) { return !(each.score < best) && !is_right(each); };
  return static_cast<std::size_t>(std::ranges::count_if(candidates, is_ahead));
}

struct Ranking {
  std::vector<std::size_t> ranks;            // of each query
  std::vector<std::vector<Candidate>> best;  // of each query, so many as are kept, by falling score
};

// Of a picture's embedding, which is the longer one if it is several, and a text's, whichever comes first.
float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() < b.size() ? image_text_similarity(b, a) : image_text_similarity(a, b);
}

Ranking rank_by_cosine(const Vectors& queries, const Vectors& items, const std::vector<std::vector<std::size_t>>& right,
                       std::size_t kept) {
  Ranking ranking;
  std::vector<Candidate> candidates(items.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    for (std::size_t i = 0; i < items.size(); ++i) candidates[i] = {i, cosine(queries[q], items[i])};
    ranking.ranks.push_back(rank_of_best(candidates, right[q]));
    const auto middle = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(kept, candidates.size()));
    std::ranges::partial_sort(candidates, middle, [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.index < b.index;
    });
    ranking.best.emplace_back(candidates.begin(), middle);
  }
  return ranking;
}

// A candidate that waits for its picture and text to be matched.
struct Request {
  std::size_t text;
  Candidate* candidate;
};

std::vector<std::vector<Request>> requests_of_images(Ranking& images, Ranking& texts) {
  std::vector<std::vector<Request>> requests(images.best.size());
  for (std::size_t i = 0; i < images.best.size(); ++i)
    for (Candidate& candidate : images.best[i]) requests[i].push_back({candidate.index, &candidate});
  for (std::size_t t = 0; t < texts.best.size(); ++t)
    for (Candidate& candidate : texts.best[t]) requests[candidate.index].push_back({t, &candidate});
  return requests;
}

// Of a probability; finite where rounding made it 0 or 1.
float log_odds(float probability) {
  constexpr double least = 1e-7;
  const double p = std::clamp(static_cast<double>(probability), least, 1 - least);
  return static_cast<float>(std::log(p / (1 - p)));
}

// Adds matching's log-odds to the candidates' cosines.
void match_candidates(Matcher& matcher, const CaptionDataset& dataset, const RetrievalEvaluation& evaluation,
                      std::vector<std::vector<Request>> requests) {
  Progress progress("match", static_cast<std::int64_t>(requests.size()));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    std::map<std::size_t, std::vector<Candidate*>> waiting;
    for (const Request& request : requests[i]) waiting[request.text].push_back(request.candidate);
    std::vector<std::string> asked;
    for (const auto& [text, candidates] : waiting) asked.push_back(evaluation.texts[text]);
    const Image image = dataset.image(evaluation.image_indices[i]);
    const auto results = matcher.match(std::span(&image, 1), asked, {.itm = true, .itc = false});
    auto match = results.at(0).matches.begin();
    for (const auto& [text, candidates] : waiting) {
      check(match->itm.has_value(), "retrieval: the model has no matching head; with rerank 0 the embeddings are measured alone");
      for (Candidate* candidate : candidates) candidate->score += log_odds(*match->itm);
      ++match;
    }
    progress.advance();
  }
}

std::vector<std::size_t> ranks_of(const Ranking& ranking, const std::vector<std::vector<std::size_t>>& right) {
  std::vector<std::size_t> ranks;
  for (std::size_t q = 0; q < right.size(); ++q) ranks.push_back(rank_of_best(ranking.best[q], right[q]));
  return ranks;
}

void append(std::vector<std::vector<float>> rows, Vectors& to) { std::ranges::move(rows, std::back_inserter(to)); }

// Embeds the first `count` pictures and notes their captions.
Vectors embed_images(Matcher& matcher, const CaptionDataset& dataset, std::size_t count, const RetrievalOptions& options,
                     RetrievalEvaluation& evaluation) {
  Vectors vectors;
  LeftOutPictures own_left_out("evaluation", count, options.max_fault_share);
  LeftOutPictures& left_out = options.left_out != nullptr ? *options.left_out : own_left_out;
  std::map<std::string, std::size_t> known;
  Progress progress("embed pictures", static_cast<std::int64_t>(count));
  std::vector<Image> images;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto captioned = load_or_leave_out(dataset, i, left_out)) {
      for (const std::string& caption : captioned->sample.captions) {
        const auto [text, is_new] = known.try_emplace(caption, evaluation.texts.size());
        if (is_new) evaluation.texts.push_back(caption);
        evaluation.pairs.add(evaluation.image_keys.size(), text->second);
      }
      evaluation.image_keys.push_back(std::move(captioned->sample.key));
      evaluation.image_indices.push_back(i);
      images.push_back(std::move(captioned->image));
    }
    progress.advance();
    if (images.empty() || (std::ssize(images) < options.batch && i + 1 < count)) continue;
    append(matcher.embed_images(images), vectors);
    images.clear();
  }
  evaluation.left_out = left_out.report();
  return vectors;
}

Vectors embed_texts(Matcher& matcher, std::span<const std::string> texts, std::size_t batch) {
  Vectors vectors;
  Progress progress("embed texts", std::ssize(texts));
  while (vectors.size() < texts.size()) {
    const auto part = texts.subspan(vectors.size(), std::min(batch, texts.size() - vectors.size()));
    append(matcher.embed_texts(part), vectors);
    progress.advance(std::ssize(part));
  }
  return vectors;
}

}  // namespace

void RetrievalPairs::add(std::size_t image, std::size_t text) {
  if (texts_of.size() <= image) texts_of.resize(image + 1);
  if (images_of.size() <= text) images_of.resize(text + 1);
  std::vector<std::size_t>& texts = texts_of[image];
  const auto place = std::ranges::lower_bound(texts, text);
  if (place != texts.end() && *place == text) return;
  texts.insert(place, text);
  images_of[text].push_back(image);
}

RetrievalRanks retrieval_ranks(std::span<const float> scores, const RetrievalPairs& pairs) {
  const std::size_t images = pairs.texts_of.size(), texts = pairs.images_of.size();
  check(scores.size() == images * texts, "retrieval: expected {} x {} scores, got {}", images, texts, scores.size());
  RetrievalRanks ranks;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < images; ++i) {
    candidates.clear();
    for (std::size_t t = 0; t < texts; ++t) candidates.push_back({t, scores[i * texts + t]});
    ranks.images.push_back(rank_of_best(candidates, pairs.texts_of[i]));
  }
  for (std::size_t t = 0; t < texts; ++t) {
    candidates.clear();
    for (std::size_t i = 0; i < images; ++i) candidates.push_back({i, scores[i * texts + t]});
    ranks.texts.push_back(rank_of_best(candidates, pairs.images_of[t]));
  }
  return ranks;
}

Recall recall_of(std::span<const std::size_t> ranks) {
  const auto share = [&](std::size_t within) {
    const auto found = std::ranges::count_if(ranks, [&](std::size_t rank) { return rank < within; });
    return static_cast<double>(found) / static_cast<double>(std::max<std::size_t>(1, ranks.size()));
  };
  return {.at1 = share(1), .at5 = share(5), .at10 = share(10)};
}

RetrievalEvaluation evaluate_retrieval(Matcher& matcher, const CaptionDataset& dataset, const RetrievalOptions& options) {
  const std::size_t count = options.count == 0 ? dataset.size() : std::min(options.count, dataset.size());
  check(options.batch >= 1, "evaluation: batch: expected at least 1, got {}", options.batch);
  RetrievalEvaluation evaluation;
  evaluation.rerank = options.rerank;
  const Vectors images = embed_images(matcher, dataset, count, options, evaluation);
  const Vectors texts = embed_texts(matcher, evaluation.texts, static_cast<std::size_t>(options.batch));
  Ranking of_images = rank_by_cosine(images, texts, evaluation.pairs.texts_of, options.rerank);
  Ranking of_texts = rank_by_cosine(texts, images, evaluation.pairs.images_of, options.rerank);
  evaluation.itc = {.images = of_images.ranks, .texts = of_texts.ranks};
  if (options.rerank == 0) return evaluation;
  match_candidates(matcher, dataset, evaluation, requests_of_images(of_images, of_texts));
  evaluation.itm = {.images = ranks_of(of_images, evaluation.pairs.texts_of),
                    .texts = ranks_of(of_texts, evaluation.pairs.images_of)};
  return evaluation;
}

json RetrievalEvaluation::to_json() const {
  json object = {{"images", image_keys.size()}, {"texts", texts.size()}, {"rerank", rerank}};
  if (left_out.total() > 0) object["left_out"] = left_out.total();
  const auto add = [&](const std::string& name, std::span<const std::size_t> ranks) {
    const Recall recall = recall_of(ranks);
    object.update({{name + "1", recall.at1}, {name + "5", recall.at5}, {name + "10", recall.at10}});
  };
  const RetrievalRanks& best = rerank == 0 ? itc : itm;
  add("itc_tr", itc.images);
  add("itc_ir", itc.texts);
  add("tr", best.images);
  add("ir", best.texts);
  return object;
}

}  // namespace omma
