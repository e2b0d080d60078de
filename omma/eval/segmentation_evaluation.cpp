#include "omma/eval/segmentation_evaluation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/progress.h"
#include "omma/eval/click_sessions.h"
#include "omma/eval/clicks.h"
#include "omma/eval/rank_correlation.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

constexpr std::size_t max_recalled = 1000, max_precise = 300;  // masks of a picture
constexpr const char* counted_kind = "object";

// What is found of the pictures of one group.
struct GroupTally {
  SegmentationFigures figures;
  CocoEvaluation automatic{1, max_recalled};
  std::vector<Counted> counted;
  std::size_t masks = 0;
  std::vector<double> predicted, found;  // IoU of each mask that answered a first click
};

// What is found of one picture.
struct Judged {
  std::vector<std::int64_t> pixels = {};  // of each object
  std::vector<ClickedObject> clicked = {}, clicked_at_random = {};
  std::vector<double> box_ious = {};
  std::vector<CocoTruth> truths = {};
  std::vector<CocoDetection> automatic = {};
  Counted counted = {};
};

std::vector<const SegmentationTarget*> objects_of(const SegmentationSample& sample, std::size_t most) {
  std::vector<const SegmentationTarget*> objects;
  for (const SegmentationTarget& target : sample.targets)
    if (!target.crowd) objects.push_back(&target);
  if (most == 0 || objects.size() <= most) return objects;
  std::vector<const SegmentationTarget*> spread;
  for (std::size_t i = 0; i < most; ++i) spread.push_back(objects[i * objects.size() / most]);
  return spread;
}

void judge_prompts(Segmenter& segmenter, const SegmentedImage& picture, const std::vector<const SegmentationTarget*>& objects,
                   std::uint64_t stream, const SegmentationEvaluationOptions& options, Judged& judged) {
  const auto embedding = segmenter.encode_image(picture.image);
  const auto central = [](std::size_t, const RunLengths& truth, const RunLengths& found) {
    return found.width == 0 ? first_click(truth) : next_click(truth, found);
  };
  std::vector<Rng> rngs;  // one an object: its clicks depend on no other's
  for (std::size_t i = 0; i < objects.size(); ++i) rngs.emplace_back(options.seed, stream << 32 | i);
  const auto anywhere = [&](std::size_t object, const RunLengths& truth, const RunLengths& found) {
    return random_click(truth, found, rngs[object]);
  };
  const ClickOptions clicks{.clicks = judged_clicks.back(), .multimask = !options.single_mask};
  if (options.points) judged.clicked = click_objects(segmenter, *embedding, objects, clicks, central);
  if (options.random_clicks) judged.clicked_at_random = click_objects(segmenter, *embedding, objects, clicks, anywhere);
  if (!options.boxes) return;
  std::vector<SegmentationPrompt> prompts;
  for (const SegmentationTarget* object : objects) prompts.push_back({.points = {}, .box = object->box, .mask = {}});
  const auto answers = segment_in_batches(segmenter, *embedding, prompts, {});
  check(answers.size() == objects.size(), "segmentation evaluation: expected answers to {} boxes, got {}", objects.size(),
        answers.size());
  for (std::size_t i = 0; i < objects.size(); ++i)
    judged.box_ious.push_back(intersection_over_union(answers[i].at(0).mask, objects[i]->mask));
}

void judge_everything(Segmenter& segmenter, const SegmentedImage& picture, const AutomaticMaskOptions& options, Judged& judged) {
  AutomaticMaskResult result = segmenter.segment_everything(picture.image, options);
  for (const SegmentationTarget& target : picture.sample.targets) {
    judged.truths.push_back({.area = target.area, .crowd = target.crowd, .mask = target.mask});
    judged.counted.truth += !target.crowd;
  }
  judged.counted.said = static_cast<double>(result.masks.size());
  for (AutomaticMask& mask : result.masks) judged.automatic.push_back({.score = mask.predicted_iou, .mask = std::move(mask.mask)});
}

void add_clicks(const std::vector<ClickedObject>& clicked, const std::vector<std::int64_t>& pixels,
                std::map<int, IouByArea>& ious) {
  for (std::size_t i = 0; i < clicked.size(); ++i)
    for (const int clicks : judged_clicks) ious[clicks].add(clicked[i].ious[static_cast<std::size_t>(clicks - 1)], pixels[i]);
}

void add_first(const std::vector<ForetoldIou>& masks, std::int64_t pixels, GroupTally& tally) {
  double best = 0, sum = 0;
  for (const ForetoldIou& mask : masks) {
    best = std::max(best, mask.iou);
    sum += mask.iou;
    tally.predicted.push_back(mask.predicted);
    tally.found.push_back(mask.iou);
  }
  tally.figures.oracle.add(best, pixels);
  tally.figures.any_of_three.add(masks.empty() ? 0 : sum / static_cast<double>(masks.size()));
}

void add(const Judged& judged, const SegmentationEvaluationOptions& options, GroupTally& tally) {
  SegmentationFigures& figures = tally.figures;
  ++figures.pictures;
  figures.objects += judged.pixels.size();
  add_clicks(judged.clicked, judged.pixels, figures.clicks);
  add_clicks(judged.clicked_at_random, judged.pixels, figures.random_clicks);
  for (std::size_t i = 0; i < judged.clicked.size(); ++i) add_first(judged.clicked[i].first, judged.pixels[i], tally);
  for (std::size_t i = 0; i < judged.box_ious.size(); ++i) figures.box.add(judged.box_ious[i], judged.pixels[i]);
  if (!options.everything) return;
  tally.automatic.add(judged.truths, judged.automatic);
  tally.counted.push_back(judged.counted);
  tally.masks += judged.automatic.size();
}

SegmentationFigures finish(GroupTally& tally, const SegmentationEvaluationOptions& options) {
  tally.figures.iou_rank = rank_correlation(tally.predicted, tally.found);
  if (options.everything && !tally.counted.empty()) {
    tally.figures.automatic = {.ar100 = tally.automatic.average_recall(100),
                               .ar1000 = tally.automatic.average_recall(max_recalled),
                               .coco = tally.automatic.metrics(max_precise),
                               .masks = static_cast<double>(tally.masks) / static_cast<double>(tally.counted.size())};
    tally.figures.counting = counting_report({{counted_kind, tally.counted}}, options.training);
  }
  return std::move(tally.figures);
}

// -1 and nothing: there was nothing to find.
json figure(double value) { return value < 0 ? json() : json(value); }

void write(const IouByArea& ious, const std::string& name, json& object) {
  for (std::size_t area = 0; area < IouByArea::names.size(); ++area)
    object[name + std::string(IouByArea::names[area])] = figure(ious[area].value().value_or(-1));
}

json json_of(const SegmentationFigures& figures) {
  json object = {{"pictures", figures.pictures}, {"objects", figures.objects}};
  for (const auto& [clicks, ious] : figures.clicks) write(ious, fmt::format("miou{}", clicks), object);
  for (const auto& [clicks, ious] : figures.random_clicks) write(ious, fmt::format("miou{}_random", clicks), object);
  if (figures.oracle[0].objects() > 0) {
    write(figures.oracle, "miou_oracle3", object);
    object["miou_random3"] = *figures.any_of_three.value();
    object["iou_rank"] = figures.iou_rank ? json(*figures.iou_rank) : json();
  }
  if (figures.box[0].objects() > 0) write(figures.box, "miou_box", object);
  if (figures.automatic) {
    const CocoMetrics& coco = figures.automatic->coco;
    object.update({{"ar100", figure(figures.automatic->ar100)},
                   {"ar1000", figure(figures.automatic->ar1000)},
                   {"ap", figure(coco.ap)},
                   {"ap50", figure(coco.ap50)},
                   {"ap75", figure(coco.ap75)},
                   {"ap_small", figure(coco.ap_small)},
                   {"ap_medium", figure(coco.ap_medium)},
                   {"ap_large", figure(coco.ap_large)},
                   {"masks", figures.automatic->masks}});
  }
  if (figures.counting) object["counting"] = figures.counting->to_json();
  return object;
}

}  // namespace

std::optional<double> MeanIou::value() const {
  if (objects_ == 0) return std::nullopt;
  return sum_ / static_cast<double>(objects_);
}

void IouByArea::add(double iou, std::int64_t pixels) {
  means_[0].add(iou);
  means_[pixels < 32 * 32 ? 1 : pixels <= 96 * 96 ? 2 : 3].add(iou);
}

SegmentationEvaluation evaluate_segmentation(Segmenter& segmenter, const SegmentationDataset& dataset,
                                             const SegmentationEvaluationOptions& options, LeftOutPictures& left_out) {
  const std::size_t pictures = options.max_pictures == 0 ? dataset.size() : std::min(dataset.size(), options.max_pictures);
  GroupTally overall;
  std::map<std::string, GroupTally> groups;
  Progress progress("segment", static_cast<std::int64_t>(pictures));
  for (std::size_t i = 0; i < pictures; ++i) {
    progress.advance();
    const auto picture = load_or_leave_out(dataset, i, left_out);
    if (!picture) continue;
    const auto objects = objects_of(picture->sample, options.max_objects);
    Judged judged;
    for (const SegmentationTarget* object : objects) judged.pixels.push_back(area(object->mask));
    const bool prompts = options.points || options.boxes || options.random_clicks;
    if (prompts && !objects.empty()) judge_prompts(segmenter, *picture, objects, i, options, judged);
    if (options.everything) judge_everything(segmenter, *picture, options.automatic, judged);
    add(judged, options, overall);
    const std::string group = options.group ? options.group(picture->image) : "";
    if (!group.empty()) add(judged, options, groups[group]);
  }
  SegmentationEvaluation evaluation{.overall = finish(overall, options), .groups = {}, .mean_absent = options.training.absent};
  for (auto& [name, tally] : groups) evaluation.groups[name] = finish(tally, options);
  return evaluation;
}

TrainingCounts training_counts(const SegmentationDataset& training) {
  double objects = 0;
  for (std::size_t i = 0; i < training.size(); ++i) objects += static_cast<double>(objects_of(training.sample(i), 0).size());
  return {.means = {{counted_kind, objects / static_cast<double>(std::max<std::size_t>(1, training.size()))}}, .absent = {}};
}

json SegmentationEvaluation::to_json() const {
  json object = json_of(overall);
  for (const auto& [name, figures] : groups) object["per_group"][name] = json_of(figures);
  if (!mean_absent.empty() && overall.counting) object["mean_mae_absent"] = mean_absent;
  return object;
}

}  // namespace omma
