#include "omma/eval/coco_detection.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "omma/base/error.h"

namespace omma {
namespace {

constexpr std::size_t kIous = 10, kRecalls = 101, kAreas = 4;
constexpr std::array<std::size_t, 3> kMost = {1, 10, 100};
constexpr std::array<std::pair<double, double>, kAreas> kAreaLimits = {{{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}}};

// numpy.linspace's values, to the last bit.
double iou_threshold(std::size_t index) { return index == 9 ? 0.95 : 0.5 + static_cast<double>(index) * ((0.95 - 0.5) / 9); }
double recall_point(std::size_t index) { return static_cast<double>(index) * 0.01; }

double area_of(const CocoTruth& truth) {
  return truth.area >= 0 ? truth.area : static_cast<double>(truth.box.width()) * static_cast<double>(truth.box.height());
}
double area_of(const CocoDetection& detection) {
  return static_cast<double>(detection.box.width()) * static_cast<double>(detection.box.height());
}

double overlap(const CocoDetection& detection, const CocoTruth& truth) {
  const Box &a = detection.box, &b = truth.box;
  const double width = static_cast<double>(std::min(a.x1, b.x1)) - static_cast<double>(std::max(a.x0, b.x0));
  const double height = static_cast<double>(std::min(a.y1, b.y1)) - static_cast<double>(std::max(a.y0, b.y0));
  if (width <= 0 || height <= 0) return 0;
  const double inner = width * height, own = area_of(detection);
  const double whole = static_cast<double>(b.width()) * static_cast<double>(b.height());
  return inner / (truth.crowd ? own : own + whole - inner);
}

// One picture's detections of one category, judged at every IoU threshold.
struct Judged {
  std::vector<float> scores;
  std::array<std::vector<std::uint8_t>, kIous> matched, ignored;
  int64_t positives = 0;  // truths that count
};

Judged judge(const std::vector<CocoTruth>& truths, const std::vector<CocoDetection>& detections, std::size_t area,
             const std::vector<std::vector<double>>& overlaps) {
  const auto [least, most] = kAreaLimits[area];
  std::vector<std::uint8_t> ignored(truths.size());
  for (std::size_t i = 0; i < truths.size(); ++i) {
    const double size = area_of(truths[i]);
    ignored[i] = truths[i].crowd || truths[i].ignore || size < least || size > most;
  }
  std::vector<std::size_t> order(truths.size());  // those that count first
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ignored[a] < ignored[b]; });

  Judged result;
  result.positives = std::count(ignored.begin(), ignored.end(), 0);
  for (const CocoDetection& detection : detections) result.scores.push_back(detection.score);
  for (std::size_t t = 0; t < kIous; ++t) {
    std::vector<std::uint8_t> taken(truths.size());
    for (std::size_t d = 0; d < detections.size(); ++d) {
      double best = std::min(iou_threshold(t), 1 - 1e-10);
      std::ptrdiff_t match = -1;
      for (const std::size_t g : order) {
        if (taken[g] && !truths[g].crowd) continue;
        if (match >= 0 && !ignored[static_cast<std::size_t>(match)] && ignored[g]) break;  // never give up a real match
        if (overlaps[d][g] < best) continue;
        best = overlaps[d][g];
        match = static_cast<std::ptrdiff_t>(g);
      }
      const double size = area_of(detections[d]);
      if (match >= 0) taken[static_cast<std::size_t>(match)] = 1;
      result.matched[t].push_back(match >= 0);
      result.ignored[t].push_back(match >= 0 ? ignored[static_cast<std::size_t>(match)] : size < least || size > most);
    }
  }
  return result;
}

struct Curve {
  double precision = -1;  // mean over the recall points
  double recall = -1;
};

// Merges all pictures by score (stable: earlier pictures first), keeping `most` detections of each.
Curve curve(const std::vector<Judged>& pictures, std::size_t iou, std::size_t most) {
  struct Entry {
    float score;
    std::uint8_t matched;
  };
  std::vector<Entry> entries;
  int64_t positives = 0;
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
  for (std::size_t r = 0; r < kRecalls; ++r) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), recall_point(r)) - recall.begin();
    if (static_cast<std::size_t>(at) < precision.size()) sum += precision[static_cast<std::size_t>(at)];
  }
  return {sum / static_cast<double>(kRecalls), recall.empty() ? 0 : recall.back()};
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

CocoEvaluation::CocoEvaluation(int categories) : categories_(static_cast<std::size_t>(std::max(0, categories))) {
  check(categories > 0, "COCO evaluation: expected at least one category, got {}", categories);
}

void CocoEvaluation::add(std::vector<CocoTruth> truths, std::vector<CocoDetection> detections) {
  std::map<int, Picture> parts;
  for (CocoTruth& truth : truths) parts[truth.category].truths.push_back(truth);
  for (CocoDetection& detection : detections) parts[detection.category].detections.push_back(detection);
  for (auto& [category, part] : parts) {
    check(category >= 0 && static_cast<std::size_t>(category) < categories_.size(), "COCO evaluation: category {} is not below {}",
          category, categories_.size());
    std::stable_sort(part.detections.begin(), part.detections.end(),
                     [](const CocoDetection& a, const CocoDetection& b) { return a.score > b.score; });
    if (part.detections.size() > kMost.back()) part.detections.resize(kMost.back());
    categories_[static_cast<std::size_t>(category)].push_back(std::move(part));
  }
}

CocoMetrics CocoEvaluation::metrics() const {
  std::array<Mean, kAreas> ap, ar;
  Mean ap50, ap75, ar1, ar10;
  CocoMetrics metrics;
  for (const std::vector<Picture>& pictures : categories_) {
    std::array<std::vector<Judged>, kAreas> judged;
    for (const Picture& picture : pictures) {
      std::vector<std::vector<double>> overlaps(picture.detections.size(), std::vector<double>(picture.truths.size()));
      for (std::size_t d = 0; d < picture.detections.size(); ++d)
        for (std::size_t g = 0; g < picture.truths.size(); ++g) overlaps[d][g] = overlap(picture.detections[d], picture.truths[g]);
      for (std::size_t area = 0; area < kAreas; ++area)
        judged[area].push_back(judge(picture.truths, picture.detections, area, overlaps));
    }
    Mean own;
    for (std::size_t iou = 0; iou < kIous; ++iou) {
      for (std::size_t area = 0; area < kAreas; ++area) {
        const Curve full = curve(judged[area], iou, kMost[2]);
        ap[area].add(full.precision);
        ar[area].add(full.recall);
        if (area > 0) continue;
        own.add(full.precision);
        if (iou == 0) ap50.add(full.precision);
        if (iou == 5) ap75.add(full.precision);
        if (iou == 0) metrics.category_ap50.push_back(full.precision);
      }
      ar1.add(curve(judged[0], iou, kMost[0]).recall);
      ar10.add(curve(judged[0], iou, kMost[1]).recall);
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
