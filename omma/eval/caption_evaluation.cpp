#include "omma/eval/caption_evaluation.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/eval/caption_tokens.h"
#include "omma/eval/named_objects.h"

namespace omma {
namespace {

std::vector<JudgedCaption> caption_all(Captioner& captioner, const CaptionDataset& dataset, const CaptionEvaluationOptions& options,
                                       DatasetReport& left_out_report) {
  const std::size_t count = options.count == 0 ? dataset.size() : std::min(options.count, dataset.size());
  check(options.batch >= 1, "evaluation: batch: expected at least 1, got {}", options.batch);
  std::vector<JudgedCaption> captions;
  LeftOutPictures own_left_out("evaluation", count, options.max_fault_share);
  LeftOutPictures& left_out = options.left_out != nullptr ? *options.left_out : own_left_out;
  Progress progress("caption", static_cast<std::int64_t>(count));
  std::vector<Image> images;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto captioned = load_or_leave_out(dataset, i, left_out)) {
      captions.push_back({.sample = std::move(captioned->sample), .caption = {}});
      images.push_back(std::move(captioned->image));
    }
    progress.advance();
    if (images.empty() || (std::ssize(images) < options.batch && i + 1 < count)) continue;
    const std::vector<CaptionResult> results = captioner.caption(images, options.caption);
    const std::span<JudgedCaption> batch = std::span(captions).last(images.size());
    for (std::size_t k = 0; k < batch.size(); ++k) batch[k].caption = results.at(k).captions.at(0).text;
    images.clear();
  }
  left_out_report = left_out.report();
  return captions;
}

CaptionMetrics text_metrics(const std::vector<JudgedCaption>& captions) {
  std::vector<CaptionCandidate> pictures;
  for (const JudgedCaption& judged : captions) {
    CaptionCandidate& picture = pictures.emplace_back(caption_tokens(judged.caption));
    for (const std::string& reference : judged.sample.captions) picture.references.push_back(caption_tokens(reference));
  }
  return caption_metrics(pictures);
}

std::int64_t total(const ObjectCounts& counts) {
  std::int64_t sum = 0;
  for (const auto& [object, count] : counts) sum += count;
  return sum;
}

void judge_objects(JudgedCaption& judged, NamedObjectMetrics& metrics) {
  if (judged.sample.objects.empty()) return;
  const ObjectCounts named = named_objects(judged.caption), present = count_objects(judged.sample.objects);
  judged.exact = named == present;
  metrics.named += total(named);
  metrics.present += total(present);
  for (const auto& [object, count] : named)
    if (const auto found = present.find(object); found != present.end()) metrics.right += std::min(count, found->second);
  if (judged.sample.objects.size() > 3) return;
  ++metrics.scenes;
  metrics.exact += judged.exact;
}

}  // namespace

CaptionEvaluation evaluate_captions(Captioner& captioner, const CaptionDataset& dataset, const CaptionEvaluationOptions& options) {
  CaptionEvaluation evaluation;
  evaluation.captions = caption_all(captioner, dataset, options, evaluation.left_out);
  evaluation.metrics = text_metrics(evaluation.captions);
  for (std::size_t i = 0; i < evaluation.captions.size(); ++i) {
    evaluation.captions[i].cider = evaluation.metrics.picture_ciders[i];
    judge_objects(evaluation.captions[i], evaluation.objects);
  }
  return evaluation;
}

json CaptionEvaluation::to_json() const {
  json object = {{"cider", metrics.cider}, {"pictures", captions.size()}};
  for (std::size_t n = 0; n < metrics.bleu.size(); ++n) object[fmt::format("bleu{}", n + 1)] = metrics.bleu[n];
  if (left_out.total() > 0) object["left_out"] = left_out.total();
  if (objects.present == 0) return object;
  object["object_precision"] = objects.precision();
  object["object_recall"] = objects.recall();
  if (objects.scenes > 0) object.update({{"exact_scene", objects.exact_scene()}, {"scenes", objects.scenes}});
  return object;
}

}  // namespace omma
