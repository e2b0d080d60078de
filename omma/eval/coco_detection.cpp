#include "omma/eval/coco_detection.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

constexpr std::size_t iou_count = 10, recall_count = 101, area_count = 4;
constexpr std::array<std::pair<double, double>, area_count> area_limits = {{{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}}};

// numpy.linspace's values, to the last bit.
double iou_threshold(std::size_t index) { return index == 9 ? 0.95 : 0.5 + static_cast<double>(index) * ((0.95 - 0.5) / 9); }
double recall_point(std::size_t index) { return static_cast<double>(index) * 0.01; }

double size_of(const Box& box) { return static_cast<double>(box.width()) * static_cast<double>(box.height()); }

// A truth or detection while it is compared.
struct Region {
  const RunLengths* mask;  // null: the box counts
  Box box;                 // tight around the mask
  double size;

  template <class Item>  // CocoTruth or CocoDetection
  explicit Region(const Item& item)
      : mask(item.mask.width > 0 ? &item.mask : nullptr),
        box(mask != nullptr ? bounding_box(*mask) : item.box),
        size(mask != nullptr ? static_cast<double>(area(*mask)) : size_of(box)) {}
};

double overlap(const Region& detection, const Region& truth, bool crowd) {
  check((detection.mask == nullptr) == (truth.mask == nullptr),
        "COCO evaluation: expected masks of all truths and detections or of none");
  const Box &a = detection.box, &b = truth.box;
  const double width = static_cast<double>(std::min(a.x1, b.x1)) - static_cast<double>(std::max(a.x0, b.x0));
  const double height = static_cast<double>(std::min(a.y1, b.y1)) - static_cast<double>(std::max(a.y0, b.y0));
  if (width <= 0 || height <= 0) return 0;
  const double inner =
      detection.mask != nullptr ? static_cast<double>(intersection_area(*detection.mask, *truth.mask)) : width * height;
  return inner / (crowd ? detection.size : detection.size + truth.size - inner);
}

// The mean of the values that are not -1; -1 where there are none.
class Mean {
 public:
  void add(double value) {
    if (value < 0) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ == 0 ? -1 : sum_ / count_; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

}  // namespace

// One picture's detections of one category, judged at every IoU threshold.
struct CocoEvaluation::Judged {
  std::vector<float> scores;
  std::array<std::vector<std::uint8_t>, iou_count> matched, ignored;
  std::int64_t positives = 0;  // truths that count
};

struct CocoEvaluation::Curve {
  double precision = -1;  // mean over the recall points
  double recall = -1;
};

CocoEvaluation::CocoEvaluation(int categories, std::size_t max_detections)
    : max_detections_(max_detections), categories_(static_cast<std::size_t>(std::max(0, categories))) {
  check(categories > 0, "COCO evaluation: expected at least one category, got {}", categories);
}

void CocoEvaluation::add(const std::vector<CocoTruth>& truths, const std::vector<CocoDetection>& detections) {
  struct Part {
    std::vector<const CocoTruth*> truths;
    std::vector<const CocoDetection*> detections;
  };
  std::map<int, Part> parts;
  for (const CocoTruth& truth : truths) parts[truth.category].truths.push_back(&truth);
  for (const CocoDetection& detection : detections) parts[detection.category].detections.push_back(&detection);
  for (auto& [category, part] : parts) {
    check(category >= 0 && static_cast<std::size_t>(category) < categories_.size(), "COCO evaluation: category {} is not below {}",
          category, categories_.size());
    std::ranges::stable_sort(part.detections, std::ranges::greater(), &CocoDetection::score);
    if (part.detections.size() > max_detections_) part.detections.resize(max_detections_);
    Picture picture;
    std::vector<Region> regions;
    for (const CocoTruth* truth : part.truths) {
      const Region& region = regions.emplace_back(*truth);
      picture.truths.push_back(
          {.area = truth->area >= 0 ? truth->area : region.size, .crowd = truth->crowd, .ignore = truth->ignore});
    }
    for (const CocoDetection* detection : part.detections) {
      const Region region(*detection);
      picture.detections.push_back({.area = region.size, .score = detection->score});
      std::vector<double>& overlaps = picture.overlaps.emplace_back();
      for (std::size_t g = 0; g < regions.size(); ++g) overlaps.push_back(overlap(region, regions[g], picture.truths[g].crowd));
    }
    categories_[static_cast<std::size_t>(category)].push_back(std::move(picture));
  }
}

CocoEvaluation::Judged CocoEvaluation::judge(const Picture& picture, std::size_t area) {
  const std::vector<Truth>& truths = picture.truths;
  const auto [smallest, largest] = area_limits[area];
  std::vector<std::uint8_t> ignored(truths.size());
  for (std::size_t i = 0; i < truths.size(); ++i)
    ignored[i] = truths[i].crowd || truths[i].ignore || truths[i].area < smallest || truths[i].area > largest;
  std::vector<std::size_t> order(truths.size());  // those that count first
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ignored[a] < ignored[b]; });

  Judged result;
  result.positives = std::count(ignored.begin(), ignored.end(), 0);
  for (const Detection& detection : picture.detections) result.scores.push_back(detection.score);
  for (std::size_t t = 0; t < iou_count; ++t) {
    std::vector<std::uint8_t> taken(truths.size());
    for (std::size_t d = 0; d < picture.detections.size(); ++d) {
      double best = std::min(iou_threshold(t), 1 - 1e-10);
      std::ptrdiff_t match = -1;
      for (const std::size_t g : order) {
        if (taken[g] && !truths[g].crowd) continue;
        if (match >= 0 && !ignored[static_cast<std::size_t>(match)] && ignored[g]) break;  // never give up a real match
        if (picture.overlaps[d][g] < best) continue;
        best = picture.overlaps[d][g];
        match = static_cast<std::ptrdiff_t>(g);
      }
      const double size = picture.detections[d].area;
      if (match >= 0) taken[static_cast<std::size_t>(match)] = 1;
      result.matched[t].push_back(match >= 0);
      result.ignored[t].push_back(match >= 0 ? ignored[static_cast<std::size_t>(match)] : size < smallest || size > largest);
    }
  }
  return result;
}

std::vector<CocoEvaluation::Judged> CocoEvaluation::judge_all(const std::vector<Picture>& pictures, std::size_t area) {
  std::vector<Judged> judged;
  judged.reserve(pictures.size());
  for (const Picture& picture : pictures) judged.push_back(judge(picture, area));
  return judged;
}

// Merges all pictures by score (stable: earlier pictures first), keeping `most` detections of each.
CocoEvaluation::Curve CocoEvaluation::curve(const std::vector<Judged>& pictures, std::size_t iou, std::size_t most) {
  struct Entry {
    float score;
    std::uint8_t matched;
  };
  std::vector<Entry> entries;
  std::int64_t positives = 0;
  for (const Judged& picture : pictures) {
    positives += picture.positives;
    for (std::size_t d = 0; d < std::min(most, picture.scores.size()); ++d)
      if (!picture.ignored[iou][d]) entries.push_back({picture.scores[d], picture.matched[iou][d]});
  }
  if (positives == 0) return {};
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.score > b.score; });
  std::vector<double> recall, precision;
  double found = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    found += entries[i].matched;
    recall.push_back(found / static_cast<double>(positives));
    precision.push_back(found / (static_cast<double>(i + 1) + 2.220446049250313e-16));
  }
  for (std::size_t i = precision.size(); i > 1; --i) precision[i - 2] = std::max(precision[i - 2], precision[i - 1]);
  double sum = 0;
  for (std::size_t r = 0; r < recall_count; ++r) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), recall_point(r)) - recall.begin();
    if (static_cast<std::size_t>(at) < precision.size()) sum += precision[static_cast<std::size_t>(at)];
  }
  return {sum / static_cast<double>(recall_count), recall.empty() ? 0 : recall.back()};
}

double CocoEvaluation::average_recall(std::size_t most) const {
  Mean mean;
  for (const std::vector<Picture>& pictures : categories_) {
    const std::vector<Judged> judged = judge_all(pictures, 0);
    for (std::size_t iou = 0; iou < iou_count; ++iou) mean.add(curve(judged, iou, most).recall);
  }
  return mean.value();
}

CocoMetrics CocoEvaluation::metrics(std::size_t most) const {
  std::array<Mean, area_count> ap, ar;
  Mean ap50, ap75, ar1, ar10;
  CocoMetrics metrics;
  for (const std::vector<Picture>& pictures : categories_) {
    std::array<std::vector<Judged>, area_count> judged;
    for (std::size_t area = 0; area < area_count; ++area) judged[area] = judge_all(pictures, area);
    Mean own;
    for (std::size_t iou = 0; iou < iou_count; ++iou) {
      for (std::size_t area = 0; area < area_count; ++area) {
        const Curve full = curve(judged[area], iou, most);
        ap[area].add(full.precision);
        ar[area].add(full.recall);
        if (area > 0) continue;
        own.add(full.precision);
        if (iou == 0) ap50.add(full.precision);
        if (iou == 5) ap75.add(full.precision);
        if (iou == 0) metrics.category_ap50.push_back(full.precision);
      }
      ar1.add(curve(judged[0], iou, 1).recall);
      ar10.add(curve(judged[0], iou, 10).recall);
    }
    metrics.category_ap.push_back(own.value());
  }
  metrics.ap = ap[0].value();
  metrics.ap50 = ap50.value();
  metrics.ap75 = ap75.value();
  metrics.ap_small = ap[1].value();
  metrics.ap_medium = ap[2].value();
  metrics.ap_large = ap[3].value();
  metrics.ar1 = ar1.value();
  metrics.ar10 = ar10.value();
  metrics.ar100 = ar[0].value();
  metrics.ar_small = ar[1].value();
  metrics.ar_medium = ar[2].value();
  metrics.ar_large = ar[3].value();
  return metrics;
}

}  // namespace omma
